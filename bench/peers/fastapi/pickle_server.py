"""FastAPI and a pickle, as people write it by hand. Argument: the port."""
import os
import pickle
import sys

import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

with open(os.environ["MODEL_PICKLE"], "rb") as file:
    model = pickle.load(file)

app = FastAPI()


class PredictRequest(BaseModel):
    instances: list[list[float]]


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/predict")
def predict(request: PredictRequest):
    return {"predictions": model.predict_proba(np.array(request.instances)).tolist()}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False)
