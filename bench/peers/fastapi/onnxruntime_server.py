"""FastAPI and onnxruntime, as people write it by hand. Argument: the port. HANDLER: `async` (default) or `threads`."""
import os
import sys

import uvicorn
from fastapi import FastAPI
from onnx_model import OnnxModel
from pydantic import BaseModel

model = OnnxModel()
app = FastAPI()


class PredictRequest(BaseModel):
    instances: list[list[float]]


@app.get("/health")
def health():
    return {"status": "ok"}


if os.environ.get("HANDLER") == "threads":

    @app.post("/predict")
    def predict_in_thread(request: PredictRequest):
        return {"predictions": model.predict(request.instances).tolist()}

else:

    @app.post("/predict")
    async def predict(request: PredictRequest):
        return {"predictions": model.predict(request.instances).tolist()}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False)
