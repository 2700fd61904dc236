"""The names that make a cell more than computing: which class each has, and the words for it.

Patterns match whole dotted names as imports give them; `()` follows a call, `?` stands for an object that nothing in
the cell explains. `*` is any text without a call, `**` (and `*` at the start) any text. Adding a library means adding
a line.
"""

from __future__ import annotations

import re

from ...protocol import RiskClass as Risk
from .values import names_in

ALIASES = {
    "pd": "pandas", "np": "numpy", "plt": "matplotlib.pyplot", "sns": "seaborn", "tf": "tensorflow", "pl": "polars",
    "nn": "torch.nn", "Path": "pathlib.Path", "HfApi": "huggingface_hub.HfApi",
    "InferenceClient": "huggingface_hub.InferenceClient",
    "hf_hub_download": "huggingface_hub.hf_hub_download", "snapshot_download": "huggingface_hub.snapshot_download",
    "notebook_login": "huggingface_hub.notebook_login", "load_dataset": "datasets.load_dataset",
    "import_module": "importlib.import_module", "rmtree": "shutil.rmtree", "Popen": "subprocess.Popen",
    "check_output": "subprocess.check_output", "urlopen": "urllib.request.urlopen",
    "urlretrieve": "urllib.request.urlretrieve", "load_dotenv": "dotenv.load_dotenv",
    "HTML": "IPython.display.HTML", "Markdown": "IPython.display.Markdown", "SVG": "IPython.display.SVG",
    "IFrame": "IPython.display.IFrame", "Javascript": "IPython.display.Javascript",
    "OpenAI": "openai.OpenAI", "Anthropic": "anthropic.Anthropic",
    "partial": "functools.partial", "methodcaller": "operator.methodcaller", "attrgetter": "operator.attrgetter",
    "Process": "multiprocessing.Process", "Thread": "threading.Thread", "AsyncOpenAI": "openai.AsyncOpenAI",
    "AutoModel": "transformers.AutoModel", "dotenv_values": "dotenv.dotenv_values",
    "create_engine": "sqlalchemy.create_engine", "sympify": "sympy.sympify", "parse_expr": "sympy.parse_expr",
    "get_ipython": "get_ipython",
    "bigquery": "google.cloud.bigquery", "aiplatform": "google.cloud.aiplatform",
    "display": "IPython.display.display", "environ": "os.environ",
    "fetch_openml": "sklearn.datasets.fetch_openml", "fetch_california_housing": "sklearn.datasets.fetch_openml",
}  # fmt: skip
"""What a name that no known cell binds most likely is."""

SAME = (
    (r"^(posix|nt)(?=\.|$)", "os"),
    (r"^(posixpath|ntpath)(?=\.|$)", "os.path"),
    (r"^(_io|io)\.open(?=$|\()", "builtins.open"),
    (r"^(__builtin__|__builtins__)(?=\.|$)", "builtins"),
    (r"^(_pickle|cPickle|dill|cloudpickle)(?=\.|$)", "pickle"),
    (r"^pathlib\.(PosixPath|WindowsPath|PurePath|PurePosixPath)(?=$|\()", "pathlib.Path"),
    (r"^IPython(\.core)?(\.getipython)?\.get_ipython(?=$|\()", "get_ipython"),
    (r"\.(__call__|__func__|__wrapped__)$", ""),
    (r"^(?!\?).*\._?(os|sys|shutil|subprocess|builtins|importlib|pickle|socket)(?=\.\w)", r"\1"),
    (r"^multiprocess(?=\.|$)", "multiprocessing"),
    (r"^(contextlib\.chdir|os\.fchdir)(?=$|\()", "os.chdir"),
    (r"^get_ipython\(\)\.(user_global_ns|user_ns_hidden|user_module\.__dict__)(?=$|\.)", "get_ipython().user_ns"),
)
"""Other spellings of one thing."""

GUARDED_MODULES = names_in(
    """
    os shutil subprocess socket builtins importlib pty ctypes signal sys pathlib requests httpx urllib.request
    """
)
"""Modules that are followed by name; handed on as a value they can't be followed."""

ASSUMED_MODULES = GUARDED_MODULES | names_in(
    """
    pickle joblib numpy torch glob tempfile base64 marshal codecs runpy multiprocessing sqlite3 huggingface_hub
    wandb mlflow openai boto3 keyring tarfile zipfile getpass urllib webbrowser paramiko smtplib ftplib aiohttp
    micropip piplite nltk gdown http io logging json
    h5py gzip bz2 lzma fsspec duckdb sqlalchemy transformers scipy sklearn onnx posix
    contextlib atexit threading asyncio weakref runpy inspect gc marshal types pandas
    """
)
"""Modules that a name without a known origin is taken for."""

AMBIGUOUS = names_in("sh code commands site trace profile mock imp fabric replicate evaluate tables sky")
"""Modules of the rules whose names are usual for variables too."""

INSPECTING = names_in(
    "builtins.getattr builtins.hasattr builtins.setattr builtins.delattr builtins.vars builtins.dir builtins.isinstance"
)
"""Built-ins to which a module may be handed without losing track of it."""

CONSTANTS = {
    "os.sep": "/", "os.path.sep": "/", "os.altsep": "/", "os.pardir": "..", "os.path.pardir": "..", "os.curdir": ".",
    "os.path.curdir": ".", "os.devnull": "/dev/null", "os.extsep": ".", "sys.executable": "python",
    "tempfile.tempdir": "/tmp",
}  # fmt: skip

HARMLESS = """
    *.exceptions *Error *Exception *Warning *Timeout *Expired subprocess.PIPE subprocess.DEVNULL subprocess.STDOUT
    subprocess.CompletedProcess socket.gethostname urllib.parse.* signal.SIG* signal.Signals*
    multiprocessing.cpu_count requests.codes.* http.HTTPStatus* openai.**.create()** get_ipython().run_line_magic
    get_ipython().run_cell_magic get_ipython().__class__** get_ipython().config** get_ipython().display_formatter**
    get_ipython().user_ns getpass.getuser *.__version__ ml_intern_jlab.toolkit.docs.look
    ml_intern_jlab.toolkit.papers.paper_id ml_intern_jlab.toolkit.github.notebook_text
    ml_intern_jlab.toolkit.github.repository_name
"""

RULES: tuple[tuple[Risk, str, str], ...] = (
    (Risk.shell, "runs a program or shell command", """
        os.system os.popen os.exec* os.spawn* os.posix_spawn* os.startfile subprocess.* pty.* pexpect.* plumbum.*
        sh.* fabric.* invoke.run git.** docker.** kubernetes.** asyncio.create_subprocess_* asyncio.subprocess.*
        commands.* platform.popen get_ipython().system* get_ipython().getoutput* IPython.utils.process.*
        distutils.spawn.* setuptools.sandbox.* ?.getoutput ?.run_commands *.os.system ?.system ?.popen ?.check_output
        ?.check_call ?.Popen ?.getoutput ?.exec_command ctypes.**.system ctypes.**.popen ctypes.**.exec*
        cffi.**.system cffi.**.popen cffi.**.exec* *.subprocess_exec *.subprocess_shell"""),
    (Risk.install, "installs software", """
        pip.* ensurepip.* micropip.install piplite.install conda.cli.* venv.create venv.EnvBuilder*
        setuptools.command.* spacy.cli.download"""),
    (Risk.delete, "deletes files", """
        shutil._rmtree* os.remove os.unlink os.rmdir os.removedirs shutil.rmtree send2trash.* pathlib.Path.unlink
        pathlib.Path.rmdir os.truncate ?.unlink ?.rmtree ?.rmdir ?.removedirs tensorflow.io.gfile.remove
        tensorflow.io.gfile.rmtree tensorflow.compat.v1.gfile.Remove tensorflow.compat.v1.gfile.DeleteRecursively
        datasets.*cleanup_cache_files *.cleanup_cache_files fsspec.**.rm fsspec.**.rm_file fsspec.**.delete ?.rm_file
        ?.delete_many ?.drop_database"""),
    (Risk.network, "uses the network", """
        requests.* requests.Session** requests.session** httpx.* httpx.*Client** aiohttp.* aiohttp.ClientSession**
        urllib.request.* urllib2.* urllib3.* socket.* socket.socket** http.client.* http.client.HTTP*Connection**
        ftplib.** smtplib.** telnetlib.* imaplib.* poplib.* nntplib.* xmlrpc.client.* paramiko.** boto3.**
        botocore.** s3fs.* gcsfs.* websocket.* websockets.* grpc.* pycurl.* wget.* gdown.* kaggle.* kagglehub.*
        yfinance.* openml.* pymongo.* psycopg2.* psycopg.* redis.* snowflake.* google.** googleapiclient.* azure.*
        pysftp.* asyncio.open_connection asyncio.*create_connection webbrowser.* dns.* scapy.* mechanize.* selenium.*
        playwright.* praw.* tweepy.* arxiv.* wikipedia.* pandas_datareader.* requests_html.* treq.*
        git.Repo.clone_from git.Repo**.remote** pygsheets.* gspread.* slack_sdk.* datasets.load_dataset_builder
        datasets.get_dataset_* huggingface_hub.hf_hub_download huggingface_hub.snapshot_download
        huggingface_hub.HfApi** huggingface_hub.hf_api.* huggingface_hub.HfFileSystem**
        huggingface_hub.*InferenceClient* huggingface_hub.*InferenceClient()** huggingface_hub.list_*
        huggingface_hub.*_info huggingface_hub.get_hf_file_metadata huggingface_hub.hf_hub_url huggingface_hub.whoami
        *.hf_hub_download huggingface_hub.* sklearn.datasets.fetch_* sklearn.datasets.*.fetch_* torch.hub.*
        nltk.download gensim.downloader.* tensorflow_datasets.* tfds.* tensorflow_hub.* *.datasets.*.load_data
        keras.utils.get_file *.utils.get_file seaborn.load_dataset statsmodels.*.get_rdataset statsmodels.*rdataset*
        openai.* anthropic.* cohere.* mistralai.* litellm.* groq.* replicate.* ollama.* google.generativeai.*
        gradio_client.* wandb.* neptune.* comet_ml.* ?.urlopen ?.urlretrieve ?.download ?.sendmail ?.fetch_openml
        logging.handlers.HTTPHandler* logging.handlers.SMTPHandler* logging.handlers.SocketHandler*
        logging.handlers.SysLogHandler* logging.handlers.DatagramHandler* tensorflow.keras.datasets.** langchain**
        sqlalchemy.create_engine().connect ray.init confluent_kafka.* kafka.* pika.* elasticsearch.* pyodbc.*
        cassandra.* neo4j.* clickhouse_connect.* opensearchpy.* weaviate.* pinecone.* ee.* cdsapi.* *.S3FileSystem
        *.GcsFileSystem *.AzureFileSystem *.HadoopFileSystem *.HfFileSystem torch.distributed.init_process_group
        torch.distributed.rpc.* ssl.**wrap_socket* IPython.display.YouTubeVideo fsspec.filesystem fsspec.url_to_fs
        feedparser.* newspaper.* trafilatura.fetch* cloudscraper.* zmq.* asyncssh.* netmiko.* nltk.downloader.*
        spacy.cli.* stanza.download* tensorflow.keras.utils.get_file ml_intern_jlab.toolkit.papers.*
        ml_intern_jlab.toolkit.datasets.* ml_intern_jlab.toolkit.models.* ml_intern_jlab.toolkit.docs.*
        ml_intern_jlab.toolkit.github.* ml_intern_jlab.toolkit.web.* ml_intern_jlab.toolkit.jobs.*
        ml_intern_jlab.toolkit.publish.plan tiktoken.get_encoding tiktoken.encoding_for_model easyocr.* whisper.*
        *.from_preset stanza.Pipeline torchtext.datasets.* torchtext.vocab.* torchaudio.pipelines.**.get_model
        vega_datasets.* mne.datasets.* torch_geometric.datasets.* dgl.data.* ogb.**Dataset* geopy.geocoders.*
        geopy.geocoders.**.geocode osmnx.*_from_* contextily.* sunpy.net.* obspy.clients.* Bio.Entrez.* Bio.ExPASy.*
        vllm.LLM keybert.KeyBERT open_clip.create_model* flair.* astroquery.* skimage.data.download_all"""),
    (Risk.publish, "sends something out to be kept or seen by others", """
        *.push_to_hub huggingface_hub.upload_* huggingface_hub.create_* huggingface_hub.delete_*
        huggingface_hub.update_* huggingface_hub.move_repo huggingface_hub.**HfApi**.upload_*
        huggingface_hub.**HfApi**.create_* huggingface_hub.**HfApi**.delete_* huggingface_hub.**HfApi**.update_*
        huggingface_hub.**HfApi**.move_* huggingface_hub.**HfApi**.add_* huggingface_hub.**HfApi**.super_squash_*
        huggingface_hub.**HfApi**.run_as_future huggingface_hub.metadata_update huggingface_hub.**HfFileSystem**.put*
        huggingface_hub.Repository* twine.* wandb.init wandb.login wandb.log* wandb.save mlflow.register_model
        mlflow.login neptune.init* comet_ml.Experiment kaggle.api.*submit* kaggle.**_create* kagglehub.*upload
        ?.git.push* ?.remote().push* ?.remotes.*.push* git.Repo**.push git.Repo**.pull git.Repo**.fetch ?.upload_file
        ?.upload_fileobj ?.upload_folder ?.upload_large_folder ?.upload_blob *.upload_from_filename ?.create_repo
        ?.delete_repo ?.create_commit *.upload_file *.upload_folder *.put_object *.upload_fileobj smtplib.**.send*
        ?.to_gbq tweepy.**.update_status *.create_tweet *.upload_from_string *.upload_from_file *.WandbLogger*
        *.CometLogger* *.NeptuneLogger* *.WandbCallback* *.WandbMetricsLogger* clearml.* dagshub.*
        *.batch_upload_files swanlab.* trackio.init aim.Run* ?.push_to_hub ml_intern_jlab.toolkit.publish.push**"""),
    (Risk.spend, "can cost money", """
        huggingface_hub.**run_job huggingface_hub.**run_uv_job huggingface_hub.**create_inference_endpoint
        huggingface_hub.**create_scheduled_job huggingface_hub.*InferenceClient** *.request_space_hardware
        *.run_instances sagemaker.** modal.** runpod.** vastai.* replicate.run replicate.*.run openai.*OpenAI()**
        openai.* anthropic.** cohere.** mistralai.** groq.** litellm.* google.generativeai.**
        google.cloud.aiplatform.** google.cloud.bigquery.**.query* together.** stripe.* boto3.**.create_*
        boto3.**.run_* boto3.**.start_* boto3.**.submit_* boto3.**.invoke* langchain*.**Chat* langchain*.**LLM*
        langchain_openai.* langchain_anthropic.* llama_index.llms.** dspy.LM* instructor.* pydantic_ai.** crewai.**
        autogen.** aisuite.** fireworks.** azure.ai.** azure.mgmt.** sky.launch sky.jobs.* skypilot.*
        databricks.sdk.** dstack.** beam.** anyscale.** coiled.** vertexai.** google.genai.** xai_sdk.** voyageai.**
        fal_client.* elevenlabs.** paperspace.** gradient.** ibm_watsonx_ai.** smolagents.*Model* mlflow.sagemaker.*
        ?.create_training_job ml_intern_jlab.toolkit.jobs.submit** ml_intern_jlab.toolkit.jobs.sweep**
        ?.create_inference_endpoint ?.run_instances ?.run_job ?.run_uv_job ?.request_space_hardware"""),
    (Risk.credentials, "reads credentials", """
        decouple.* environs.** pydantic_settings.* os.environ._data os.environ.__dict__ streamlit.secrets** keyring.*
        getpass.getpass netrc.* huggingface_hub.get_token huggingface_hub.HfFolder* huggingface_hub.login
        huggingface_hub.notebook_login huggingface_hub.interpreter_login huggingface_hub.whoami
        huggingface_hub.**.get_token dotenv.* google.colab.userdata.* google.colab.auth.* kaggle_secrets.**
        boto3.**get_credentials* browser_cookie3.* secretstorage.* win32cred.* wandb.login spwd.* os.environb*
        os.environ.items os.environ.values os.environ.copy jupyter_server.serverapp.list_running_servers
        notebook.notebookapp.list_running_servers ?.get_token google.auth.default* azure.identity.*
        streamlit.secrets* hvac.* *.get_secret_value os.environ.__iter__ posix.environ* msal.* google.oauth2.*"""),
    (Risk.process, "starts, ends or signals processes", """
        os.kill os.killpg os.fork os.forkpty os.abort os._exit os.setuid os.setgid os.chroot os.setsid signal.*
        http.server.* socketserver.* wsgiref.* xmlrpc.server.* asyncio.start_server asyncio.start_unix_server
        uvicorn.* hypercorn.* gunicorn.* waitress.serve flask.Flask().run *.serve_forever ?.run_server
        dash.Dash().run* gradio.**.launch *.launch psutil.**.kill psutil.**.terminate psutil.**.suspend
        psutil.**.send_signal os.nice os.setpriority os.setresuid os.setregid os.wait* faulthandler.* *.do_shutdown
        get_ipython().kernel** get_ipython().ask_exit get_ipython().exit* *.serve_forever ?.ask_exit tensorboard.**
        pyngrok.* ngrok.* localtunnel.* notebook.tensorboard.* ray.serve.* mlflow.models.serve* tornado.httpserver.*
        tornado.web.*.listen aiohttp.web.* ?.kill ?.terminate ?.send_signal pyngrok.* builtins.exit builtins.quit
        daemon.* torch.multiprocessing.spawn torch.multiprocessing.start_processes resource.setrlimit
        cherrypy.quickstart bottle.run streamlit.web.* accelerate.notebook_launcher accelerate.debug_launcher
        bokeh.server.* panel.serve *.LocalCluster *.LocalCUDACluster ray.init"""),
    (Risk.opaque, "runs code that can't be read here", """
        builtins.exec builtins.eval builtins.compile builtins.__import__ importlib.util.* torch.hub.load
        get_ipython().events.register* get_ipython().set_custom_exc get_ipython().custom_exceptions*
        get_ipython().compile** ?.events.register ?.register_magic_function ?.register_magics
        ?.input_transformers_post** ?.input_transformers_cleanup** ?.ast_transformers** ?.set_custom_exc
        ?.extension_manager.* atexit.register weakref.finalize threading.settrace* threading.setprofile*
        threading.excepthook sys.addaudithook sys.monitoring* site.* pydoc.locate pydoc.safeimport
        pkgutil.resolve_name pkgutil.get_importer doctest.** bdb.** pdb.run* trace.Trace** distutils.core.run_setup
        unittest.mock.patch* mock.patch* cProfile.run* profile.run* builtins.breakpoint builtins.__build_class__
        logging.config.* numpy.f2py.* IPython.start_ipython IPython.start_kernel importlib.reload
        importlib.metadata.EntryPoint* *.load_entry_point *.EntryPoint*.load numpy.distutils.**
        numpy.ctypeslib.load_library tensorflow.load_op_library torch.ops.load_library torch.classes.load_library
        sqlite3.**.enable_load_extension sqlite3.**.load_extension importlib.machinery.* importlib._bootstrap*
        runpy.* marshal.* pickle.loads pickle.Unpickler* cloudpickle.loads jsonpickle.decode shelve.* yaml.load
        yaml.unsafe_load yaml.full_load yaml.UnsafeLoader codecs.decode codecs.encode codecs.getdecoder ctypes.*
        cffi.* types.FunctionType types.CodeType types.MethodType types.ModuleType code.* codeop.* imp.* zipimport.*
        sys._getframe gc.get_objects gc.get_referrers inspect.currentframe IPython.display.Javascript
        IPython.core.display.Javascript sys.settrace sys.setprofile sys.meta_path* sys.path_hooks* *.__subclasses__
        *.__globals__ *.__builtins__ *.__code__ *.__mro__ *.__base__ *.__bases__ *.f_globals *.f_builtins
        *.__getattribute__ *.__loader__ *.__reduce__* get_ipython().run_* get_ipython().ex get_ipython().ev
        get_ipython().magic get_ipython().safe_execfile* get_ipython().input_transformer* get_ipython().ast_*
        get_ipython().register_* get_ipython().define_macro get_ipython().set_next_input IPython.*InteractiveShell*
        IPython.embed ?.run_cell ?.run_line_magic ?.run_cell_magic ?.safe_execfile asyncio.*run_in_executor*
        sys.modules.pop* sys.modules.clear sys.modules.update sys.modules.setdefault __main__.* cython.inline
        *.load_module *.exec_module torch.utils.cpp_extension.* rpy2.* js2py.* papermill.* nbclient.*
        nbconvert.preprocessors.ExecutePreprocessor*
        unittest.main pytest.main nose.* *.enable_unsafe_deserialization"""),
)  # fmt: skip

TAINTING = """
    builtins.input builtins.bytes* builtins.bytearray* builtins.chr base64.* binascii.* zlib.* gzip.decompress
    bz2.decompress lzma.decompress sys.argv* *.decode *.read *.readline *.readlines *.read_text *.read_bytes
    os.getenv* os.environ* os.path.expandvars pickle.* marshal.* json.loads codecs.* ?.fromhex struct.*
"""
"""Calls whose result is text made while the cell runs, out of reach of reading."""

READS: tuple[tuple[str, int], ...] = (
    ("pandas.read_* polars.read_* polars.scan_* geopandas.read_* dask.*.read_* duckdb.read_* vaex.open", 0),
    ("numpy.load numpy.loadtxt numpy.genfromtxt numpy.fromfile joblib.load torch.load *.imread PIL.Image.open", 0),
    ("json.load_path scipy.io.loadmat scipy.io.wavfile.read librosa.load soundfile.read nbformat.read", 0),
    ("os.link os.symlink os.listdir os.scandir os.walk os.fwalk glob.glob glob.iglob os.chdir", 0),
    ("linecache.getline* fileinput.*", 0),
    ("pyarrow.*.read_table pyarrow.*.ParquetFile datasets.load_from_disk *.load_model *.load_weights", 0),
    ("shutil.copy shutil.copy2 shutil.copyfile shutil.copytree shutil.unpack_archive", 0),
)
"""Functions that read a path, and the position of that argument."""

WRITES: tuple[tuple[str, int], ...] = (
    (
        "numpy.save numpy.savez numpy.savez_compressed numpy.savetxt matplotlib.*.savefig *.imsave *.imwrite",
        0,
    ),
    ("os.mkdir os.makedirs os.rename os.replace os.renames os.chmod os.chown os.utime os.open os.mkfifo os.mknod", 0),
    ("os.link os.symlink os.rename os.replace os.renames shutil.copy shutil.copy2 shutil.copyfile shutil.copytree", 1),
    (
        "shutil.move shutil.unpack_archive joblib.dump torch.save *.write_table nbformat.write *.saved_model.save",
        1,
    ),
    ("shutil.move shutil.make_archive shutil.chown sqlite3.connect pandas.ExcelWriter pandas.HDFStore *.savemat", 0),
    ("logging.FileHandler logging.handlers.* scipy.io.wavfile.write soundfile.write *.imsave onnx.save_model", 0),
    ("torchvision.utils.save_image onnx.save skops.io.dump safetensors.*.save_file *.dump_svmlight_file", 1),
    ("mlflow.*.save_model", 1),
    ("*SummaryWriter *TrainingArguments *ModelCheckpoint *CSVLogger *TensorBoard", 0),
    ("logging.basicConfig", 99),
    ("torch.onnx.export sklearn.tree.export_graphviz", 2),
)
"""Functions that write a path, and the position of that argument."""

WRITING_METHODS: tuple[tuple[str, int], ...] = (
    ("*.to_csv *.to_parquet *.to_pickle *.to_excel *.to_json *.to_html *.to_feather *.to_hdf *.to_stata *.to_latex", 0),
    ("*.to_markdown *.to_xml *.to_orc *.to_netcdf *.to_zarr *.to_file *.tofile *.write_csv *.write_parquet", 0),
    ("*.write_json *.write_ipc *.write_excel *.write_html *.write_image *.sink_csv *.sink_parquet *.savefig", 0),
    ("*.save *.save_model *.save_weights *.save_pretrained *.save_to_disk *.save_file *.save_lora *.dump_model", 0),
    ("*.extractall *.write_png *.render_to_file", 0),
    ("*.symlink_to *.hardlink_to", 0),
)
"""Methods that write a path when they are given one; looked at where no function above matches."""

OPENERS = {
    "builtins.open": 1, "gzip.open": 1, "bz2.open": 1, "lzma.open": 1, "codecs.open": 1, "h5py.File": 1,
    "zipfile.ZipFile": 1, "tarfile.open": 1, "os.fdopen": 1, "tensorflow.io.gfile.GFile": 1, "aiofiles.open": 1,
    "tarfile.TarFile": 1, "gzip.GzipFile": 1, "bz2.BZ2File": 1, "io.FileIO": 1, "numpy.memmap": 2, "fsspec.open": 1,
    "rasterio.open": 1, "numpy.lib.format.open_memmap": 1,
}  # fmt: skip
"""Functions that read or write their first argument, by the mode at that position."""

PATH_KEYWORDS = names_in(
    """
    name path path_or_buf path_or_buffer fname filename file_name filepath fp f file excel_writer save_directory
    output_dir out_file dst dest destination io filepath_or_buffer filepath_or_buf uri path_or_fileobj
    dataset_path mmap_filename source where sink database target
    log_dir logging_dir dirpath extract_dir local_dir cache_dir
    """
)

EVALUATORS: tuple[tuple[str, int], ...] = (
    ("*.query *.eval pandas.eval numexpr.evaluate numexpr.re_evaluate sympy.sympify sympy.parse_expr", 0),
    ("sympy.parsing.*.parse_expr jinja2.Template jinja2.**.from_string mako.template.Template timeit.*", 0),
    ("cProfile.run* profile.run* numpy.safe_eval patsy.* tornado.template.Template", 0),
)
"""Functions that read a text as code or a formula of Python's, and the position of that text."""

UNPICKLERS = """
    pickle.load joblib.load pandas.read_pickle pandas.io.pickle.read_pickle shelve.open sklearn.externals.joblib.load
    gensim.models.*.load networkx.read_gpickle torch.package.* cloudpickle.load pandas.read_hdf hickle.load
    compress_pickle.load pickle.load_session pickle.load_module* torch.jit.load torch.export.load
    tensorflow.saved_model.load
"""
"""Functions whose file can hold code that runs when it is read."""

ALLOWING_PICKLES: tuple[tuple[str, str, object], ...] = (
    ("torch.load", "weights_only", False),
    ("numpy.load", "allow_pickle", True),
    ("*.load_model *.model_from_json", "safe_mode", False),
    ("skops.io.load", "trusted", True),
)
"""Loaders that run code of a file only when a keyword has that value."""

DUMPERS: tuple[tuple[str, int], ...] = (
    ("pickle.dump joblib.dump torch.save cloudpickle.dump torch.jit.save tensorflow.saved_model.save", 1),
    ("*.to_pickle *.to_hdf numpy.save *.save_pretrained *.save_model *.save_to_disk *.save", 0),
)
"""Functions that write what the loaders above read: what the notebook itself wrote may be read again."""

MAYBE_LOCAL = """
    *.from_pretrained transformers.pipeline sentence_transformers.SentenceTransformer
    sentence_transformers.CrossEncoder datasets.load_dataset evaluate.load
"""
"""Loaders that take a name on a hub, or a path."""

LOCAL_BUILDERS = names_in("csv json parquet text arrow pandas xml imagefolder audiofolder videofolder webdataset sql")
"""Names that `datasets.load_dataset` takes for files given beside it."""

TRACKERS = names_in("wandb comet_ml comet neptune clearml mlflow all dagshub azure_ml swanlab dvclive codecarbon")
"""Values of `report_to` that send something out."""

PURE_MODULES = names_in(
    """
    torch.nn torch.nn.functional torch.optim torch.optim.lr_scheduler scipy.stats scipy.special numpy numpy.random
    numpy.linalg numpy.fft math cmath statistics tensorflow.keras.layers tensorflow.keras.optimizers
    tensorflow.keras.losses tensorflow.keras.activations keras.layers keras.optimizers keras.losses matplotlib.cm
    matplotlib.pyplot plotly.express seaborn torchvision.transforms sklearn.linear_model sklearn.ensemble
    sklearn.metrics sklearn.preprocessing sklearn.svm sklearn.neighbors sklearn.tree sklearn.cluster jax.nn jax.numpy
    polars datetime string
    """
)
"""Modules of plain computing: what is picked from them by a name made at run time computes too."""

SECRET_PATH = re.compile(
    r"(^|[/\\])(\.ssh|\.netrc|_netrc|\.env|\.env\.\w+|\.aws|\.kube|\.gnupg|\.git-credentials|\.pypirc|\.npmrc|\.pgpass|"
    r"\.docker|\.kaggle|kaggle\.json|id_(rsa|dsa|ecdsa|ed25519)|credentials\.json|\.config[/\\]gcloud)($|[/\\])|"
    r"^/etc/(shadow|passwd|sudoers)|/proc/\w+/environ|huggingface[/\\](token|stored_tokens)|"
    r"jupyter[/\\\\]runtime|jpserver-|nbserver-|jupyter_cookie_secret|notebook_cookie_secret|"
    r"Cookies$|Login Data$|\.(pem|p12|pfx|keystore)$"
)
SECRET_NAME = re.compile(
    r"(^|[_\-.])(TOKENS?|API_?KEYS?|KEYS?|SECRETS?|PASSWORDS?|PASSWD|PASS|PWD|CREDENTIALS?|AUTH|COOKIES?|PAT|"
    r"PASSPHRASE|DSN|DATABASE_URL)($|[_\-.])",
    re.IGNORECASE,
)
JOINED_SECRET_NAME = re.compile(r"[A-Z0-9_]*(PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|APIKEY|ACCESSKEY)")
"""Variables that write it without a separator, such as PGPASSWORD."""
