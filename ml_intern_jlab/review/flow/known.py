"""What libraries' names mean to the data flow: roles of classes, kinds of methods. Source: their own references."""

from __future__ import annotations

import re

ROLES = {
    **dict.fromkeys(
        ["StandardScaler", "MinMaxScaler", "RobustScaler", "MaxAbsScaler", "PowerTransformer", "QuantileTransformer"],
        "scaling",
    ),
    **dict.fromkeys(["Normalization"], "scaling"),
    **dict.fromkeys(["SimpleImputer", "KNNImputer", "IterativeImputer", "Imputer"], "imputation"),
    **dict.fromkeys(["OneHotEncoder", "OrdinalEncoder", "BinaryEncoder", "CountEncoder"], "encoding"),
    **dict.fromkeys(
        [
            "TargetEncoder",
            "CatBoostEncoder",
            "LeaveOneOutEncoder",
            "WOEEncoder",
            "JamesSteinEncoder",
            "MEstimateEncoder",
        ],
        "target_encoding",
    ),
    **dict.fromkeys(["TfidfVectorizer", "CountVectorizer", "DictVectorizer", "TfidfTransformer"], "vectorising"),
    **dict.fromkeys(
        ["PCA", "TruncatedSVD", "KernelPCA", "FastICA", "NMF", "IncrementalPCA", "UMAP", "FactorAnalysis"], "projection"
    ),
    **dict.fromkeys(["LinearDiscriminantAnalysis"], "model"),
    **dict.fromkeys(["KBinsDiscretizer"], "binning"),
    **dict.fromkeys(["VarianceThreshold"], "selection"),
    **dict.fromkeys(
        [
            "SelectKBest",
            "SelectPercentile",
            "SelectFpr",
            "SelectFdr",
            "SelectFwe",
            "GenericUnivariateSelect",
            "RFE",
            "RFECV",
            "SelectFromModel",
            "SequentialFeatureSelector",
            "BorutaPy",
        ],
        "supervised_selection",
    ),
    **dict.fromkeys(
        [
            "SMOTE",
            "SMOTENC",
            "SMOTEN",
            "ADASYN",
            "BorderlineSMOTE",
            "SVMSMOTE",
            "KMeansSMOTE",
            "RandomOverSampler",
            "SMOTEENN",
            "SMOTETomek",
        ],
        "resampling",
    ),
    **dict.fromkeys(
        [
            "KMeans",
            "MiniBatchKMeans",
            "DBSCAN",
            "AgglomerativeClustering",
            "GaussianMixture",
            "HDBSCAN",
            "SpectralClustering",
            "IsolationForest",
            "OneClassSVM",
            "LocalOutlierFactor",
            "NearestNeighbors",
            "TSNE",
            "MDS",
            "Isomap",
        ],
        "unsupervised",
    ),
    **dict.fromkeys(
        ["GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV", "BayesSearchCV"],
        "search",
    ),
    **dict.fromkeys(
        [
            "LabelEncoder",
            "LabelBinarizer",
            "MultiLabelBinarizer",
            "PolynomialFeatures",
            "Normalizer",
            "Binarizer",
            "FunctionTransformer",
            "HashingVectorizer",
            "RandomUnderSampler",
        ],
        "fixed",
    ),
}
"""Role by class name. `fixed` learns nothing from rows that could leak."""

CONTAINERS = {
    "Pipeline",
    "make_pipeline",
    "ColumnTransformer",
    "make_column_transformer",
    "FeatureUnion",
    "make_union",
    "ImbPipeline",
    "TransformedTargetRegressor",
    "CalibratedClassifierCV",
    "OneVsRestClassifier",
    "MultiOutputRegressor",
    "MultiOutputClassifier",
    "OneVsOneClassifier",
    "BaggingClassifier",
    "AdaBoostClassifier",
    "VotingClassifier",
    "StackingClassifier",
    "VotingRegressor",
    "StackingRegressor",
}

MODEL_NAME = re.compile(
    r"(Classifier|Regressor|Regression|Regressor|RegressionCV|NB|SVC|SVR|Ridge|RidgeCV|Lasso|LassoCV|ElasticNet|ElasticNetCV"
    r"|Perceptron|GPC|GPR|Lars|LarsCV|Booster|QuadraticDiscriminantAnalysis|LassoLars)$"
)
CLASSIFIER_NAME = re.compile(r"(Classifier|NB|SVC|Perceptron|DiscriminantAnalysis|^LogisticRegression(CV)?)$")
TREE_MODELS = re.compile(r"^(XGB|LGBM|CatBoost|HistGradientBoosting|GradientBoosting)")

# Models of a library that draw from chance when they are fitted.
RANDOM_MODELS = {
    "RandomForestClassifier",
    "RandomForestRegressor",
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "MLPClassifier",
    "MLPRegressor",
    "SGDClassifier",
    "SGDRegressor",
    "KMeans",
    "MiniBatchKMeans",
    "BaggingClassifier",
    "BaggingRegressor",
    "IsolationForest",
    "GaussianMixture",
    "SMOTE",
    "ADASYN",
    "RandomOverSampler",
    "RandomUnderSampler",
    "BorderlineSMOTE",
    "RandomizedSearchCV",
    "TSNE",
    "UMAP",
    "ShuffleSplit",
    "StratifiedShuffleSplit",
    "GroupShuffleSplit",
}
LABEL_METRICS = {
    "accuracy_score",
    "balanced_accuracy_score",
    "f1_score",
    "precision_score",
    "recall_score",
    "fbeta_score",
    "jaccard_score",
    "matthews_corrcoef",
    "cohen_kappa_score",
    "classification_report",
    "confusion_matrix",
    "precision_recall_fscore_support",
    "hamming_loss",
    "zero_one_loss",
}
PROBABILITY_METRICS = {
    "roc_auc_score",
    "average_precision_score",
    "log_loss",
    "brier_score_loss",
    "roc_curve",
    "precision_recall_curve",
    "top_k_accuracy_score",
    "brier_score",
}
ERROR_METRICS = {
    "mean_squared_error",
    "mean_absolute_error",
    "r2_score",
    "root_mean_squared_error",
    "median_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_log_error",
    "root_mean_squared_log_error",
    "explained_variance_score",
    "max_error",
    "mean_pinball_loss",
    "mean_poisson_deviance",
    "mape",
    "smape",
}
METRICS = LABEL_METRICS | PROBABILITY_METRICS | ERROR_METRICS
CURVES = {"roc_curve", "precision_recall_curve", "det_curve"}
CROSS_VALIDATIONS = {"cross_val_score", "cross_validate", "cross_val_predict"}
OPTIMISERS = {
    "optimize",
    "maximize",
    "minimize",
    "fmin",
    "gp_minimize",
    "forest_minimize",
    "gbrt_minimize",
    "dummy_minimize",
    "differential_evolution",
}
"""Functions and methods that call a given function time and again and keep the best of what it returns."""
SPLITTERS = {
    "KFold": "ordered",
    "StratifiedKFold": "ordered",
    "RepeatedKFold": "random",
    "RepeatedStratifiedKFold": "random",
    "ShuffleSplit": "random",
    "StratifiedShuffleSplit": "random",
    "GroupKFold": "group",
    "GroupShuffleSplit": "group",
    "StratifiedGroupKFold": "group",
    "LeaveOneGroupOut": "group",
    "LeavePGroupsOut": "group",
    "TimeSeriesSplit": "time",
    "LeaveOneOut": "random",
    "PredefinedSplit": "given",
}
READERS = re.compile(
    r"^(read_\w+|scan_\w+|loadtxt|genfromtxt|load|load_\w+|fetch_\w+|make_\w+|from_csv|load_npz|getdata|DataReader|download|from_records)$"
)
STATISTICS = {
    "mean",
    "std",
    "var",
    "min",
    "max",
    "median",
    "mode",
    "quantile",
    "sum",
    "nanmean",
    "nanstd",
    "nanmedian",
    "nanmin",
    "nanmax",
    "average",
    "percentile",
    "ptp",
    "sem",
    "skew",
    "kurt",
    "amax",
    "amin",
    "nanpercentile",
}
RELATIONS = {
    "corr",
    "corrwith",
    "cov",
    "corrcoef",
    "spearmanr",
    "pearsonr",
    "f_classif",
    "chi2",
    "mutual_info_classif",
    "mutual_info_regression",
    "f_regression",
    "ttest_ind",
    "pointbiserialr",
    "kendalltau",
    "mannwhitneyu",
}
SEEDERS = {
    "numpy.random.seed": "numpy",
    "random.seed": "random",
    "torch.manual_seed": "torch",
    "torch.cuda.manual_seed_all": "",
    "tensorflow.random.set_seed": "tensorflow",
}
SEEDS_ALL = {
    "seed_everything",
    "set_seed",
    "set_random_seed",
    "fix_seed",
    "fix_seeds",
    "seed_all",
    "enable_full_determinism",
    "set_all_seeds",
    "set_seeds",
    "seed_torch",
    "reset_seed",
    "fix_random_seed",
    "manual_seed_all",
}
EXPONENTIALS = {"exp", "expm1"}
LOGARITHMS = {"log", "log1p", "log10", "log2"}
