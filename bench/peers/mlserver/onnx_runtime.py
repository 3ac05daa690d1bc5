"""An MLServer runtime with onnxruntime."""
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from onnx_model import OUTPUTS, OnnxModel


class Onnx(MLModel):
    async def load(self) -> bool:
        self.model = OnnxModel()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        rows = NumpyCodec.decode_input(payload.inputs[0])
        probabilities = self.model.run({payload.inputs[0].name: rows})
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output(OUTPUTS[0], probabilities)])
