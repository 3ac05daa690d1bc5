"""Make test/models/zoo: what the exporters of the common libraries write, beyond the hand-picked set of fixtures/.

    python -m venv VENV && VENV/bin/pip install -r requirements.txt
    VENV/bin/python export_zoo.py              everything whose framework is installed; other entries stay as they are
    VENV/bin/python export_zoo.py forest svm   only the functions with one of these words in the name

Golden answers come from the library that trained the model, never from onnxruntime. The .onnx files and manifest.json are
committed, so the test suite needs no Python.
"""
import importlib.util
import os
import sys
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.dont_write_bytecode = True
warnings.filterwarnings("ignore")

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from kit import ModelSet, pick_rows, records, same_hash_order

HERE = Path(__file__).resolve().parent / "zoo"
HERE.mkdir(exist_ok=True)
SET = ModelSet(HERE, limit=200_000)
STEPS = []


def needs(*modules):
    def mark(function):
        STEPS.append((function, modules))
        return function
    return mark


def iris():
    from sklearn.datasets import load_iris
    data = load_iris()
    return data.data.astype(np.float32), data.target, data.target_names


def two_classes():
    X, y, names = iris()
    return X[50:], y[50:], names


def sk(name, model, X, rows, expected, *, options=None, onx=None, **more):
    import sklearn
    from skl2onnx import to_onnx
    onx = onx or to_onnx(model, X[:1], options=options)
    SET.add(name, onx, rows, expected, framework="scikit-learn", version=sklearn.__version__, **more)


def classifier(name, model, X, y, *, zipmap=True, **more):
    """Fit, export with the given zipmap option (True: the exporter's default), golden from predict and predict_proba."""
    model.fit(X, y)
    rows = pick_rows(X, model.predict_proba, digits=1)
    options = None if zipmap is True else {id(model): {"zipmap": zipmap}}
    sk(name, model, X, rows, {"label": model.predict(rows), "probabilities": model.predict_proba(rows)}, options=options,
       task="classification", zipmap=zipmap, labels=model.classes_, **more)


def scorer(name, model, X, y, **more):
    """A classifier without probabilities: decision values."""
    model.fit(X, y)
    rows = pick_rows(X, model.decision_function, digits=1)
    scores = np.asarray(model.decision_function(rows)).reshape(len(rows), -1)
    sk(name, model, X, rows, {"label": model.predict(rows), "scores": scores}, task="classification", labels=model.classes_, **more)


def regressor(name, model, X, y, **more):
    model.fit(X, y)
    rows = pick_rows(X, model.predict, digits=1, margin=0)
    sk(name, model, X, rows, {"values": model.predict(rows)}, task="regression", **more)


# ---------------------------------------------------------------- scikit-learn classifiers

@needs("sklearn", "skl2onnx")
def forest_classifiers():
    from sklearn.ensemble import AdaBoostClassifier, ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier
    from sklearn.tree import DecisionTreeClassifier
    X, y, names = iris()
    X2, y2, _ = two_classes()
    classifier("forest-default", RandomForestClassifier(8, max_depth=4, random_state=1), X, y)
    classifier("forest-binary-strings", RandomForestClassifier(8, max_depth=4, random_state=2), X2, names[y2])
    classifier("forest-columns-strings", RandomForestClassifier(6, max_depth=3, random_state=3), X, names[y], zipmap="columns")
    classifier("extra-trees", ExtraTreesClassifier(6, max_depth=4, random_state=4), X, y - 1, notes="labels -1, 0, 1")
    classifier("gbm-binary", GradientBoostingClassifier(n_estimators=8, max_depth=2, random_state=5), X2, y2 * 100)
    classifier("tree-sparse-labels", DecisionTreeClassifier(max_depth=3, random_state=7), X, np.array([7, 40, 1000])[y])
    classifier("adaboost", AdaBoostClassifier(n_estimators=5, random_state=8), X, names[y])


@needs("sklearn", "skl2onnx")
def linear_and_other_classifiers():
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
    from sklearn.ensemble import BaggingClassifier, StackingClassifier
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.svm import SVC, LinearSVC
    from sklearn.tree import DecisionTreeClassifier
    X, y, names = iris()
    X2, y2, _ = two_classes()
    lr = lambda: LogisticRegression(max_iter=500)
    classifier("lr-binary-ints", lr(), X2, y2)
    classifier("lr-no-zipmap", lr(), X, names[y], zipmap=False)
    classifier("naive-bayes", GaussianNB(), X, names[y], tolerance=1e-4)
    classifier("knn", KNeighborsClassifier(3), X, y + 5)
    classifier("mlp-classifier", MLPClassifier((8,), max_iter=300, random_state=1), X, names[y])
    classifier("calibrated", CalibratedClassifierCV(LinearSVC(random_state=1), cv=2), X, names[y])
    classifier("sgd-log-loss", SGDClassifier(loss="log_loss", random_state=3), X, names[y], tolerance=1e-4)
    classifier("lda", LinearDiscriminantAnalysis(), X, names[y])
    classifier("qda", QuadraticDiscriminantAnalysis(), X, names[y], tolerance=1e-4, notes="'label' is declared [1,N]")
    classifier("svc-probability", SVC(probability=True, random_state=1), X, names[y], tolerance=1e-4)
    classifier("bagging", BaggingClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=4, random_state=2), X, names[y])
    classifier("stacking", StackingClassifier([("a", lr()), ("b", DecisionTreeClassifier(max_depth=2))], cv=2), X, y)


@needs("sklearn", "skl2onnx")
def class_labels_output():
    from sklearn.linear_model import LogisticRegression
    X, y, names = iris()
    model = LogisticRegression(max_iter=500).fit(X, names[y])
    rows = pick_rows(X, model.predict_proba, digits=1)
    sk("lr-class-labels-output", model, X, rows, {"label": model.predict(rows), "probabilities": model.predict_proba(rows)},
       options={id(model): {"zipmap": False, "output_class_labels": True}}, task="classification", zipmap=False, labels=model.classes_)


@needs("sklearn", "skl2onnx")
def score_classifiers():
    from sklearn.linear_model import Perceptron, RidgeClassifier
    from sklearn.svm import SVC, LinearSVC
    X, y, names = iris()
    X2, y2, _ = two_classes()
    scorer("linear-svc-binary", LinearSVC(random_state=2), X2, names[y2])
    scorer("linear-svc-multi", LinearSVC(random_state=2), X, names[y])
    scorer("ridge-binary", RidgeClassifier(), X2, names[y2])
    scorer("ridge-multi", RidgeClassifier(), X, y)
    scorer("svc-binary-scores", SVC(), X2, names[y2])
    scorer("perceptron", Perceptron(random_state=5), X, names[y], zipmap=True)


@needs("sklearn", "skl2onnx")
def multi_output():
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.multioutput import MultiOutputClassifier
    X, y, names = iris()
    both = np.stack([names[y], np.where(X[:, 0] > 5.8, "long", "short")], 1)
    model = MultiOutputClassifier(RandomForestClassifier(4, max_depth=3, random_state=4)).fit(X, both)
    rows = pick_rows(X, model.predict_proba, digits=1)
    proba = model.predict_proba(rows)
    sk("multi-output-strings", model, X, rows, {"label": model.predict(rows), "probabilities": [[p[i] for p in proba] for i in range(len(rows))]},
       task="classification", zipmap=True, labels=model.classes_)


# ---------------------------------------------------------------- regressors, outliers, transforms

@needs("sklearn", "skl2onnx")
def regressors():
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.linear_model import LinearRegression
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.neural_network import MLPRegressor
    from sklearn.svm import SVR
    X, _, _ = iris()
    Z, y = X[:, :3], X[:, 3]
    regressor("linear-regression", LinearRegression(), Z, y)
    regressor("linear-two-targets", LinearRegression(), X[:, :2], X[:, 2:])
    regressor("gbm-regressor", GradientBoostingRegressor(n_estimators=8, max_depth=2, random_state=1), Z, y)
    regressor("knn-regressor", KNeighborsRegressor(3), Z, y, tolerance=1e-4)
    regressor("mlp-regressor", MLPRegressor(hidden_layer_sizes=(8,), max_iter=400, random_state=1), Z, y)
    regressor("svr", SVR(), Z, y, tolerance=1e-4)


@needs("sklearn", "skl2onnx")
def outliers_and_transforms():
    from sklearn.decomposition import TruncatedSVD
    from sklearn.ensemble import IsolationForest
    from sklearn.preprocessing import StandardScaler
    X, _, _ = iris()
    model = IsolationForest(n_estimators=5, max_samples=16, random_state=1).fit(X)
    rows = pick_rows(X, model.decision_function, digits=1, margin=0.01)
    values = [{"label": int(a), "scores": float(b)} for a, b in zip(model.predict(rows), model.decision_function(rows))]
    from skl2onnx import to_onnx
    sk("isolation-forest", model, X, rows, {"values": values}, task="raw", tolerance=1e-4,
       onx=to_onnx(model, X[:1], target_opset={"": 15, "ai.onnx.ml": 3}))
    for name, step in (("scaler", StandardScaler()), ("svd", TruncatedSVD(2, random_state=1))):
        step.fit(X)
        rows = X[::20]
        sk(name, step, X, rows, {"values": step.transform(rows)}, task="transform")


# ---------------------------------------------------------------- pipelines

@needs("sklearn", "skl2onnx", "pandas")
def passengers_pipeline():
    """float64 and bool-like columns, a missing value that an imputer fills, odd column names, booleans as class labels."""
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    rng = np.random.RandomState(5)
    n = 200
    frame = pd.DataFrame({"Age (years)": np.round(rng.uniform(1, 80, n), 1).astype(np.float32),
                          "Fare": np.round(rng.gamma(2, 15, n), 1).astype(np.float32),
                          "Sex": rng.choice(["female", "male"], n).astype(object),
                          "Embarked": rng.choice(["C", "Q", "S"], n).astype(object)})
    frame.loc[::9, "Age (years)"] = np.nan
    y = np.where((frame.Sex == "female") ^ (rng.rand(n) < 0.2), "survived", "lost")
    columns = ColumnTransformer([("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["Age (years)", "Fare"]),
                                 ("words", OneHotEncoder(handle_unknown="ignore"), ["Sex", "Embarked"])])
    model = make_pipeline(columns, LogisticRegression()).fit(frame, y)
    rows = frame[:8]
    from skl2onnx import to_onnx
    onx = to_onnx(model, frame[:1])
    renamed = [{i.name: v for i, v in zip(onx.graph.input, row.values())} for row in records(rows)]
    sk("passengers-pipeline", model, frame, renamed, {"label": model.predict(rows), "probabilities": model.predict_proba(rows)}, onx=onx,
       task="classification", zipmap=True, labels=model.classes_, notes="the column 'Age (years)' is the input 'Age__years_'")


@needs("sklearn", "skl2onnx")
def float64_pipeline():
    """What pandas gives: float64. The default export is refused by onnxruntime since ZipMap gets doubles."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    X, y, names = iris()
    X = X.astype(np.float64).round(1)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, names[y])
    rows = X[::19]
    sk("float64-pipeline", model, X, rows, {"label": model.predict(rows), "probabilities": model.predict_proba(rows)},
       task="classification", zipmap=True, labels=model.classes_)


@needs("sklearn", "skl2onnx")
def text_counts():
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import StringTensorType
    texts = ["good food", "great place good food", "bad service", "awful bad food", "great service", "awful place"]
    model = make_pipeline(CountVectorizer(token_pattern="[a-zA-Z0-9_]+"), MultinomialNB()).fit(texts, ["up", "up", "down", "down", "up", "down"])
    rows = ["good service", "BAD place", "great food great", "awful", "the good and the bad bad", "nothing known here"]
    sk("text-counts", model, None, rows, {"label": model.predict(rows), "probabilities": model.predict_proba(rows)},
       onx=to_onnx(model, initial_types=[("text", StringTensorType([None, 1]))]), task="classification", zipmap=True, labels=model.classes_)


# ---------------------------------------------------------------- boosting libraries

@needs("xgboost", "onnxmltools")
def xgboost_models():
    import onnxmltools
    import xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType
    X, y, _ = iris()
    X2, y2, _ = two_classes()

    def add(name, model, X, y, task, **more):
        model.fit(X, y)
        answer = model.predict_proba if task == "classification" else model.predict
        rows = pick_rows(X, answer, digits=1, margin=0.02 if task == "classification" else 0)
        onx = onnxmltools.convert_xgboost(model, initial_types=[("X", FloatTensorType([None, X.shape[1]]))], target_opset=15, name=name)
        expected = {"label": model.predict(rows), "probabilities": answer(rows)} if task == "classification" else {"values": model.predict(rows)}
        SET.add(name, onx, rows, expected, framework="xgboost", version=xgboost.__version__, task=task, **more)

    add("xgb-binary", xgboost.XGBClassifier(n_estimators=6, max_depth=2, random_state=1), X2, y2 - 1, "classification", zipmap=False, labels=[0, 1])
    add("xgb-regressor", xgboost.XGBRegressor(n_estimators=6, max_depth=2, random_state=1), X[:, :3], X[:, 3], "regression")


@needs("lightgbm", "onnxmltools")
def lightgbm_models():
    import lightgbm
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType
    X, y, names = iris()

    def add(name, model, X, y, task, zipmap=None, **more):
        model.fit(X, y)
        answer = model.predict_proba if task == "classification" else model.predict
        rows = pick_rows(X, answer, digits=1, margin=0.02 if task == "classification" else 0)
        options = {} if zipmap is not False else {"zipmap": False}
        onx = onnxmltools.convert_lightgbm(model, initial_types=[("input", FloatTensorType([None, X.shape[1]]))], target_opset=15, name=name, **options)
        expected = {"label": model.predict(rows), "probabilities": answer(rows)} if task == "classification" else {"values": model.predict(rows)}
        labels = model.classes_ if task == "classification" else None
        SET.add(name, onx, rows, expected, framework="lightgbm", version=lightgbm.__version__, task=task, zipmap=zipmap, labels=labels, **more)

    settings = dict(n_estimators=5, max_depth=2, min_child_samples=5, random_state=2, verbose=-1)
    add("lgbm-multi-ints", lightgbm.LGBMClassifier(**settings), X, y * 2 + 1, "classification", zipmap=True)
    add("lgbm-no-zipmap", lightgbm.LGBMClassifier(**settings), X, y, "classification", zipmap=False)
    add("lgbm-regressor", lightgbm.LGBMRegressor(**settings), X[:, :3], X[:, 3], "regression")


@needs("lightgbm", "xgboost", "onnxmltools", "skl2onnx")
def boosting_inside_pipelines():
    """A boosting model as the last step of a scikit-learn pipeline: skl2onnx adds its ZipMap again."""
    import lightgbm
    import xgboost
    from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
    from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
    from skl2onnx import to_onnx, update_registered_converter
    from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    options = {"nocl": [True, False], "zipmap": [True, False, "columns"]}
    update_registered_converter(lightgbm.LGBMClassifier, "LightGbmLGBMClassifier", calculate_linear_classifier_output_shapes,
                                convert_lightgbm, options=options)
    update_registered_converter(xgboost.XGBClassifier, "XGBoostXGBClassifier", calculate_linear_classifier_output_shapes,
                                convert_xgboost, options=options)
    X, y, names = iris()
    for name, last, target in (
            ("pipeline-lgbm", lightgbm.LGBMClassifier(n_estimators=5, max_depth=2, min_child_samples=5, random_state=2, verbose=-1), names[y]),
            ("pipeline-xgb", xgboost.XGBClassifier(n_estimators=5, max_depth=2, random_state=2), y)):
        model = make_pipeline(StandardScaler(), last).fit(X, target)
        rows = pick_rows(X, model.predict_proba, digits=1)
        sk(name, model, X, rows, {"label": model.predict(rows), "probabilities": model.predict_proba(rows)},
           onx=to_onnx(model, X[:1], target_opset={"": 15, "ai.onnx.ml": 3}), task="classification", zipmap=True, labels=model.classes_)


@needs("catboost")
def catboost_models():
    import catboost
    X, y, names = iris()
    settings = dict(iterations=6, depth=2, random_seed=3, verbose=0, thread_count=1, allow_writing_files=False)

    def add(name, model, rows, expected, **more):
        model.save_model(str(HERE / f"{name}.onnx"), format="onnx")
        SET.add(name, None, rows, expected, framework="catboost", version=catboost.__version__, **more)

    model = catboost.CatBoostClassifier(**settings).fit(X, names[y])
    rows = pick_rows(X, model.predict_proba, digits=1)
    add("catboost-multi-strings", model, rows, {"label": model.predict(rows).ravel(), "probabilities": model.predict_proba(rows)},
        task="classification", zipmap=True, labels=model.classes_)
    model = catboost.CatBoostRegressor(**settings).fit(X[:, :3], X[:, 3])
    rows = pick_rows(X[:, :3], model.predict, digits=1, margin=0)
    add("catboost-regressor", model, rows, {"values": model.predict(rows)}, task="regression", notes="declared [N], gives [N,1]")


# ---------------------------------------------------------------- torch

@needs("torch", "onnxscript")
def torch_models():
    import torch
    torch.manual_seed(21)

    def add(name, net, x, expected, *, dynamo, static_batch=False, outputs=("logits",), task="raw", **more):
        names = dict(input_names=["x"], output_names=list(outputs), verbose=False)
        if dynamo:
            dims = None if static_batch else ({0: torch.export.Dim("batch")},)
            torch.onnx.export(net, (x[:1] if static_batch else x,), str(HERE / f"{name}.onnx"), dynamo=True, dynamic_shapes=dims, **names)
        else:
            torch.onnx.export(net, (x,), str(HERE / f"{name}.onnx"), dynamo=False,
                              dynamic_axes={n: {0: "batch"} for n in ("x", *outputs)}, **names)
        extra = [f"{name}.onnx.data"] if (HERE / f"{name}.onnx.data").exists() else []
        SET.add(name, None, x.numpy(), {"values": expected}, framework="torch", version=torch.__version__.split("+")[0], task=task,
                extra_files=extra, **({"static_batch": True} if static_batch else {}), **more)

    x = torch.round(torch.randn(6, 4), decimals=2)
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)).eval()
    add("torch-static-batch", net, x, net(x).detach().numpy(), dynamo=True, static_batch=True, notes="exported with no dynamic_shapes: one row a run")
    one = torch.nn.Linear(4, 1).eval()
    add("torch-single-logit", one, x, one(x).detach().numpy()[:, 0], dynamo=True)
    soft = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Softmax(1)).eval()
    add("torch-softmax", soft, x, soft(x).detach().numpy(), dynamo=False, outputs=("probs",))
    double = torch.nn.Linear(4, 2).double().eval()
    add("torch-float64", double, x.double(), double(x.double()).detach().numpy(), dynamo=False)

    class Image(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.head = torch.nn.Linear(3, 2)

        def forward(self, x):
            return self.head(x.float().mean((1, 2)) / 255), x.amax((1, 2))

    image = Image().eval()
    pixels = torch.randint(0, 256, (6, 5, 4, 3), dtype=torch.uint8)
    logits, brightest = image(pixels)
    values = [{"logits": a, "brightest": b} for a, b in zip(logits.detach().numpy(), brightest.numpy())]
    add("torch-uint8-image", image, pixels, values, dynamo=False, outputs=("logits", "brightest"), notes="uint8 NHWC image, two outputs")


# ---------------------------------------------------------------- tensors of every kind, by hand

def by_hand(name, nodes, inputs, outputs, initializers=(), opset=17):
    graph = helper.make_graph(nodes, name, [helper.make_tensor_value_info(*i) for i in inputs],
                              [helper.make_tensor_value_info(*o) for o in outputs], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def hand(name, nodes, inputs, outputs, rows, values, **more):
    initializers = more.pop("initializers", ())
    SET.add(name, by_hand(name, nodes, inputs, outputs, initializers), rows, {"values": values}, framework="onnx",
            version=onnx.__version__, task="raw", **more)


@needs("onnx")
def datatypes():
    identity = lambda a, b: [helper.make_node("Identity", [a], [b])]
    T = TensorProto
    for name, kind, values in (
            ("int64-wide", T.INT64, [9007199254740993, -9223372036854775808, 9223372036854775807, 0, 1, -1]),
            ("uint8-rows", T.UINT8, [0, 1, 127, 128, 254, 255]),
            ("int8-rows", T.INT8, [-128, -1, 0, 1, 2, 127]),
            ("bool-rows", T.BOOL, [True, False, True, True, False, False]),
            ("float64-rows", T.DOUBLE, [0.1, 1e300, -1e-300, 3.141592653589793, 0.0, 2.5])):
        rows = [[v, v] for v in values]
        hand(name, identity("x", "y"), [("x", kind, ["N", 2])], [("y", kind, ["N", 2])], rows, rows)
    rows = [[0.5, -2.0], [1.5, 1024.0], [0.0, 0.25], [3.0, 4.0], [-1.0, 1.0], [100.0, 0.125]]
    hand("float16-rows", identity("x", "y"), [("x", T.FLOAT16, ["N", 2])], [("y", T.FLOAT16, ["N", 2])], rows, rows)


@needs("onnx")
def odd_shapes():
    T = TensorProto
    add = lambda a, b: [helper.make_node("Add", [a, b], ["y"])]
    rows = [[float(i), float(i) / 2] for i in range(7)]
    one = numpy_helper.from_array(np.array([1, 10], np.float32), "w")
    hand("fixed-batch-1", add("x", "w"), [("x", T.FLOAT, [1, 2])], [("y", T.FLOAT, [1, 2])], rows[:6], [[a + 1, b + 10] for a, b in rows[:6]],
         initializers=[one], static_batch=True, notes="one row a run")
    hand("two-numbers", add("a", "b"), [("a", T.FLOAT, ["N"]), ("b", T.FLOAT, ["N"])], [("y", T.FLOAT, ["N"])],
         [{"a": a, "b": b} for a, b in rows], [a + b for a, b in rows])
    hand("name with spaces ünïcode", [helper.make_node("Neg", ["größe in cm"], ["−größe"])], [("größe in cm", T.FLOAT, ["N", 1])],
         [("−größe", T.FLOAT, ["N", 1])], [1.0, 2.0, 3.5, -1.0, 0.0, 8.0], [-1.0, -2.0, -3.5, 1.0, 0.0, -8.0])


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
    SET.save()
