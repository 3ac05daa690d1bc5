"""Make test/models/fixtures: sample models, their golden answers (manifest.json) and the broken files (bad/).

    python export_fixtures.py              everything whose framework is installed; other entries stay as they are
    python export_fixtures.py iris tickets only the functions with one of these words in the name

Made with Python 3.11 and: numpy 2.4.6, pandas 3.1.1, scikit-learn 1.8.0, skl2onnx 1.20.0, onnxmltools 1.16.0,
xgboost 3.2.0, lightgbm 4.7.0, catboost 1.2.10, onnx 1.23.2, onnxruntime 1.32.0; torch 2.15.0 with onnxscript 0.7.2.
Golden answers come from the library that trained the model, never from onnxruntime. README.md beside this file says what the fields mean.
"""
import importlib.util
import os
import pickle
import sys
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.dont_write_bytecode = True
warnings.filterwarnings("ignore")

import numpy as np
import onnx
from onnx import TensorProto, helper

from kit import ModelSet, pick_rows, records, same_hash_order

HERE = Path(__file__).resolve().parent / "fixtures"
SET = ModelSet(HERE, limit=400_000)
STEPS = []


def needs(*modules):
    def mark(function):
        STEPS.append((function, modules))
        return function
    return mark


def sk(name, onx, rows, expected, **more):
    import sklearn
    SET.add(name, onx, rows, expected, framework="scikit-learn", version=sklearn.__version__, **more)


def iris():
    from sklearn.datasets import load_iris
    data = load_iris()
    return data.data.astype(np.float32), data.target, data.target_names


def answers(model, rows):
    return {"label": model.predict(rows), "probabilities": model.predict_proba(rows)}


# ---------------------------------------------------------------- scikit-learn

@needs("sklearn", "skl2onnx")
def iris_lr_strings():
    """The most common file of all: to_onnx() with nothing said. Labels are words, probabilities are a list of maps."""
    from sklearn.linear_model import LogisticRegression
    from skl2onnx import to_onnx
    X, y, names = iris()
    model = LogisticRegression(max_iter=500, C=0.8).fit(X, names[y])
    rows = pick_rows(X, model.predict_proba, digits=1)
    sk("iris-lr-strings", to_onnx(model, X[:1]), rows, answers(model, rows), task="classification", zipmap=True, labels=model.classes_)


@needs("sklearn", "skl2onnx")
def iris_rf_tensor():
    from sklearn.ensemble import RandomForestClassifier
    from skl2onnx import to_onnx
    X, y, _ = iris()
    model = RandomForestClassifier(30, max_depth=5, random_state=3).fit(X, y)
    rows = pick_rows(X, model.predict_proba, digits=1)
    onx = to_onnx(model, X[:1], options={id(model): {"zipmap": False}})
    sk("iris-rf-tensor", onx, rows, answers(model, rows), task="classification", zipmap=False, labels=model.classes_)


@needs("sklearn", "skl2onnx")
def iris_gbm_columns():
    """zipmap='columns': one output per class (i10, i20, i30) beside output_label. The labels are not 0..2."""
    from sklearn.ensemble import GradientBoostingClassifier
    from skl2onnx import to_onnx
    X, y, _ = iris()
    model = GradientBoostingClassifier(n_estimators=12, max_depth=2, random_state=5).fit(X, (y + 1) * 10)
    rows = pick_rows(X, model.predict_proba, digits=1)
    onx = to_onnx(model, X[:1], options={id(model): {"zipmap": "columns"}})
    sk("iris-gbm-columns", onx, rows, answers(model, rows), task="classification", zipmap="columns", labels=model.classes_)


@needs("sklearn", "skl2onnx")
def iris_svc_scores():
    from sklearn.svm import SVC
    from skl2onnx import to_onnx
    X, y, names = iris()
    model = SVC(C=2.0).fit(X, names[y])
    rows = pick_rows(X, model.decision_function, digits=1)
    sk("iris-svc-scores", to_onnx(model, X[:1]), rows,
       {"label": model.predict(rows), "scores": model.decision_function(rows)}, task="classification", labels=model.classes_,
       notes="probability=False: the output named 'probabilities' holds decision values; they are not probabilities")


@needs("sklearn", "skl2onnx")
def iris_two_targets():
    from sklearn.linear_model import LogisticRegression
    from sklearn.multioutput import MultiOutputClassifier
    from skl2onnx import to_onnx
    X, y, _ = iris()
    both = np.stack([y, np.where(X[:, 0] > 5.8, 7, 2)], 1)
    model = MultiOutputClassifier(LogisticRegression(max_iter=500)).fit(X, both)
    rows = pick_rows(X, model.predict_proba, digits=1)
    proba = model.predict_proba(rows)
    expected = {"label": model.predict(rows), "probabilities": [[p[i] for p in proba] for i in range(len(rows))]}
    sk("iris-two-targets", to_onnx(model, X[:1]), rows, expected, task="classification", zipmap=True, labels=model.classes_,
       notes="two labels per row; 'probabilities' is a sequence of tensors, whatever the zipmap option says")


@needs("sklearn", "skl2onnx")
def iris_kmeans():
    from sklearn.cluster import KMeans
    from skl2onnx import to_onnx
    X, _, _ = iris()
    model = KMeans(3, n_init=3, random_state=1).fit(X)
    rows = pick_rows(X, model.transform, digits=1)
    values = [{"label": a, "scores": b} for a, b in zip(model.predict(rows), model.transform(rows))]
    sk("iris-kmeans", to_onnx(model, X[:1]), rows, {"values": values}, task="raw", tolerance=1e-4,
       notes="scores are distances; float32 square roots near zero, hence 1e-4")


@needs("sklearn", "skl2onnx")
def iris_pca():
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from skl2onnx import to_onnx
    X, _, _ = iris()
    X = X.astype(np.float64).round(1)
    model = make_pipeline(StandardScaler(), PCA(2, random_state=0)).fit(X)
    rows = X[::20]
    sk("iris-pca", to_onnx(model, X[:1]), rows, {"values": model.transform(rows)}, task="transform", notes="float64 in and out")


@needs("sklearn", "skl2onnx")
def sensor_missing():
    """Missing values: null in a JSON row is NaN. (float32 on purpose: onnxruntime has no Imputer for float64.)"""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from skl2onnx import to_onnx
    rng = np.random.RandomState(23)
    X = np.round(rng.normal(20, 5, (150, 3)), 2).astype(np.float32)
    y = X @ [0.5, -1.2, 2.0] + rng.normal(0, 0.3, 150)
    X[rng.rand(*X.shape) < 0.2] = np.nan
    model = make_pipeline(SimpleImputer(), Ridge()).fit(X, y)
    rows = X[np.isnan(X).any(1)][:7]
    sk("sensor-missing", to_onnx(model, X[:1]), rows, {"values": model.predict(rows)}, task="regression", notes="null is NaN")


@needs("sklearn", "skl2onnx")
def house_prices():
    from sklearn.ensemble import RandomForestRegressor
    from skl2onnx import to_onnx
    rng = np.random.RandomState(21)
    X = np.column_stack([rng.randint(20, 200, 300), rng.randint(1, 7, 300), np.round(rng.uniform(0, 40, 300), 1)]).astype(np.float32)
    y = 2.1 * X[:, 0] + 9 * X[:, 1] - 1.5 * X[:, 2] + rng.normal(0, 5, 300)
    model = RandomForestRegressor(20, max_depth=5, random_state=4).fit(X, y)
    rows = pick_rows(X, model.predict, digits=1, margin=0)
    sk("house-prices-rf", to_onnx(model, X[:1]), rows, {"values": model.predict(rows)}, task="regression")


def customers():
    import pandas as pd
    rng = np.random.RandomState(17)
    n = 300
    frame = pd.DataFrame({
        "age": rng.randint(18, 80, n).astype(np.int64),
        "monthly_fee": np.round(rng.gamma(3, 12, n), 1).astype(np.float32),
        "support_calls": rng.poisson(1.5, n).astype(np.int64),
        "plan": rng.choice(["basic", "plus", "pro"], n).astype(object),
        "region": rng.choice(["north", "south", "São Paulo"], n).astype(object),
    })
    risk = 0.03 * frame.monthly_fee + 0.5 * frame.support_calls - 0.02 * frame.age + (frame.plan == "basic") * 0.8
    return frame, np.where(risk + rng.normal(0, 0.5, n) > 1.4, "leaves", "stays")


@needs("sklearn", "skl2onnx", "pandas")
def customers_pipeline():
    """A pipeline fitted on a DataFrame: one ONNX input per column, each [N,1]."""
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    from skl2onnx import to_onnx
    frame, y = customers()
    columns = ColumnTransformer([
        ("numbers", StandardScaler(), ["age", "monthly_fee", "support_calls"]),
        ("words", OneHotEncoder(handle_unknown="ignore"), ["plan", "region"])])
    model = make_pipeline(columns, LogisticRegression(C=0.5)).fit(frame, y)
    rows = frame[:8].copy()
    rows.loc[7, "plan"] = "never seen"
    sk("customers-pipeline", to_onnx(model, frame[:1]), records(rows), answers(model, rows), task="classification",
       zipmap=True, labels=model.classes_, notes="the last row has a category that was not in the training data")


TICKETS = [
    ("the invoice shows the wrong amount", "billing"), ("refund my last payment please", "billing"),
    ("i was charged twice this month", "billing"), ("where is my invoice", "billing"), ("update my payment card", "billing"),
    ("the app crashes when i log in", "technical"), ("error 500 on upload", "technical"), ("login page does not load", "technical"),
    ("upload fails with an error", "technical"), ("the app is slow and crashes", "technical"),
    ("great service thank you", "praise"), ("love the new app design", "praise"), ("thank you for the fast help", "praise"),
    ("really great support team", "praise"), ("love it great work", "praise")]


@needs("sklearn", "skl2onnx")
def tickets_text():
    """Text in, one string per row. The file asks for the locale en_US.UTF-8, which slim images do not have."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import StringTensorType
    texts, topics = zip(*TICKETS)
    model = make_pipeline(TfidfVectorizer(token_pattern="[a-zA-Z0-9_]+"), LogisticRegression(C=5)).fit(texts, topics)
    rows = ["Where is my REFUND", "the upload crashes", "Thank you, great team!", "error on the invoice page",
            "i love the fast login", "charged twice again"]
    sk("tickets-tfidf", to_onnx(model, initial_types=[("text", StringTensorType([None, 1]))]), rows, answers(model, rows),
       task="classification", zipmap=True, labels=model.classes_)


# ---------------------------------------------------------------- boosting libraries

@needs("xgboost", "onnxmltools")
def xgboost_multiclass():
    import onnxmltools
    import xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType
    X, y, _ = iris()
    model = xgboost.XGBClassifier(n_estimators=12, max_depth=3, learning_rate=0.3, random_state=2).fit(X, y)
    rows = pick_rows(X, model.predict_proba, digits=1)
    onx = onnxmltools.convert_xgboost(model, initial_types=[("X", FloatTensorType([None, 4]))], target_opset=15, name="iris")
    SET.add("iris-xgboost", onx, rows, answers(model, rows), framework="xgboost", version=xgboost.__version__,
            task="classification", zipmap=False, labels=model.classes_)


@needs("lightgbm", "onnxmltools")
def lightgbm_binary():
    import lightgbm
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType
    X, y, _ = iris()
    X, y = X[50:], np.where(y[50:] == 1, "versicolor", "virginica")
    model = lightgbm.LGBMClassifier(n_estimators=15, max_depth=3, min_child_samples=5, random_state=6, verbose=-1).fit(X, y)
    rows = pick_rows(X, model.predict_proba, digits=1)
    onx = onnxmltools.convert_lightgbm(model, initial_types=[("input", FloatTensorType([None, 4]))], target_opset=15, name="iris")
    SET.add("iris-lightgbm", onx, rows, answers(model, rows), framework="lightgbm", version=lightgbm.__version__,
            task="classification", zipmap=True, labels=model.classes_,
            notes="'label' is declared with shape [1] but has one value per row")


@needs("catboost")
def catboost_binary():
    import catboost
    X, y, _ = iris()
    X, y = X[50:], np.where(y[50:] == 1, 3, 8)
    model = catboost.CatBoostClassifier(iterations=15, depth=3, learning_rate=0.3, random_seed=9, verbose=0, thread_count=1,
                                        allow_writing_files=False).fit(X, y)
    rows = pick_rows(X, model.predict_proba, digits=1)
    model.save_model(str(HERE / "iris-catboost.onnx"), format="onnx")
    SET.add("iris-catboost", None, rows, answers(model, rows), framework="catboost", version=catboost.__version__,
            task="classification", zipmap=True, labels=model.classes_,
            notes="the file's own 'label' output is wrong (0/1 instead of 3/8); the label is the class of the largest probability")


# ---------------------------------------------------------------- torch

def torch_add(name, task, rows, values, **more):
    import torch
    SET.add(name, None, rows, {"values": values}, framework="torch", version=torch.__version__.split("+")[0], task=task, **more)


@needs("torch", "onnxscript")
def torch_mlp_external():
    """The default torch export: the weights are in <name>.onnx.data beside the file."""
    import torch
    torch.manual_seed(11)
    net = torch.nn.Sequential(torch.nn.Linear(6, 32), torch.nn.ReLU(), torch.nn.Linear(32, 4)).eval()
    x = torch.round(torch.randn(8, 6), decimals=2)
    batch = torch.export.Dim("batch")
    torch.onnx.export(net, (x,), str(HERE / "torch-mlp.onnx"), dynamo=True, verbose=False, input_names=["x"],
                      output_names=["logits"], dynamic_shapes=({0: batch},))
    torch_add("torch-mlp", "raw", x.numpy(), net(x).detach().numpy(), extra_files=["torch-mlp.onnx.data"])


@needs("torch")
def torch_cnn():
    import torch
    torch.manual_seed(12)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, stride=2), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(4 * 9, 3)).eval()
    x = torch.round(torch.rand(6, 3, 8, 8), decimals=2)
    torch.onnx.export(net, (x,), str(HERE / "torch-cnn.onnx"), dynamo=False, input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}})
    torch_add("torch-cnn", "raw", x.numpy(), net(x).detach().numpy(), notes="single file (dynamo=False), image [3,8,8] per row")


@needs("torch")
def torch_tokens():
    import torch
    torch.manual_seed(13)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.head = torch.nn.Embedding(50, 8), torch.nn.Linear(8, 2)

        def forward(self, tokens, mask):
            weight = mask.unsqueeze(-1).float()
            return self.head((self.table(tokens) * weight).sum(1) / weight.sum(1))

    net = Net().eval()
    tokens = torch.randint(0, 50, (6, 5))
    mask = (torch.arange(5) < torch.tensor([[5], [3], [1], [4], [2], [5]])).long()
    torch.onnx.export(net, (tokens, mask), str(HERE / "torch-tokens.onnx"), dynamo=False, input_names=["tokens", "mask"],
                      output_names=["logits"], dynamic_axes={n: {0: "batch", 1: "length"} for n in ("tokens", "mask")} | {"logits": {0: "batch"}})
    rows = [{"tokens": t, "mask": m} for t, m in zip(tokens.numpy(), mask.numpy())]
    torch_add("torch-tokens", "raw", rows, net(tokens, mask).detach().numpy(), notes="two int64 inputs with a free length")


# ---------------------------------------------------------------- by hand, and broken files

def by_hand(name, nodes, inputs, outputs, initializers=(), opset=17):
    graph = helper.make_graph(nodes, name, inputs, outputs, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


@needs("onnx")
def echo_strings():
    onx = by_hand("echo", [helper.make_node("Identity", ["text"], ["same"])],
                  [helper.make_tensor_value_info("text", TensorProto.STRING, ["N"])],
                  [helper.make_tensor_value_info("same", TensorProto.STRING, ["N"])])
    rows = ["plain", "", "naïve café", "日本語", "quote \" and \\ backslash", "line\nbreak"]
    SET.add("echo-strings", onx, rows, {"values": rows}, framework="onnx", version=onnx.__version__, task="raw")


def bad_files():
    """Files that must be refused with a readable reason. Returns their manifest entries."""
    folder = HERE / "bad"
    folder.mkdir(exist_ok=True)
    good = (HERE / "iris-rf-tensor.onnx").read_bytes()
    future = onnx.load(str(HERE / "echo-strings.onnx"))
    future.opset_import[0].version = 99
    weights = helper.make_tensor("W", TensorProto.FLOAT, [4, 2], np.ones(8, np.float32).tobytes(), raw=True)
    linear = by_hand("linear", [helper.make_node("MatMul", ["x", "W"], ["y"])],
                     [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
                     [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])], [weights])
    onnx.external_data_helper.set_external_data(linear.graph.initializer[0], "not-uploaded.onnx.data", 0, 32)
    linear.graph.initializer[0].ClearField("raw_data")
    files = {
        "empty": (b"", "zero bytes", "empty|zero"),
        "truncated": (good[: len(good) // 2], "the first half of a good model", "truncat|incomplete|parse|protobuf|corrupt|invalid"),
        "html-page": (b"<!DOCTYPE html>\n<html><body><h1>404 Not Found</h1></body></html>\n", "what a wrong URL gives",
                      "html|not an? (valid )?onnx|parse|protobuf|invalid"),
        "pickled": (pickle.dumps({"model": [1, 2, 3]}, protocol=4), "the pickle instead of the export",
                    "pickle|not an? (valid )?onnx|parse|protobuf|invalid"),
        "future-opset": (future.SerializeToString(), "opset 99", "opset"),
        "no-external-data": (linear.SerializeToString(), "its not-uploaded.onnx.data is missing", "external|not-uploaded"),
    }
    for name, (content, _, _) in files.items():
        (folder / f"{name}.onnx").write_bytes(content)
    return [{"file": f"bad/{n}.onnx", "what": what, "hint": hint} for n, (_, what, hint) in files.items()]


if __name__ == "__main__":
    same_hash_order()
    for step, modules in STEPS:
        missing = [m for m in modules if importlib.util.find_spec(m) is None]
        if sys.argv[1:] and not any(word in step.__name__ for word in sys.argv[1:]):
            continue
        if missing:
            print(f"{step.__name__}: kept as it is (not installed: {', '.join(missing)})")
        else:
            step()
    SET.save(bad_files())
