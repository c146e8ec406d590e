"""Commands of Ashlar for SPDK's rpc.py, also those of BlobFS that rpc.py has lost since v25.09.

Usage: PYTHONPATH=scripts rpc.py --plugin ashlar_rpc -s SOCKET COMMAND ...
"""

import json

# Method: its help, and its parameters as arguments of the command line. A name in capitals is
# required; the others are options, and those of the type bool take no value.
COMMANDS = {
    "blobfs_detect": ("tell whether a bdev holds a BlobFS", {"BDEV_NAME": str}),
    "blobfs_create": (
        "make a BlobFS on a bdev",
        {"BDEV_NAME": str, "cluster_sz": str, "force": bool},
    ),
    "blobfs_mount": ("mount the BlobFS of a bdev", {"BDEV_NAME": str, "MOUNTPOINT": str}),
    "blobfs_set_cache_size": ("bound the buffers of what is opened later", {"SIZE_IN_MB": int}),
    "ashlar_store_open": (
        "open the chunk store of a bdev",
        {"BDEV_NAME": str, "create": bool, "read_only": bool},
    ),
    "ashlar_store_close": ("close a chunk store", {"BDEV_NAME": str}),
    "ashlar_store_info": ("what a chunk store is, and how full", {"BDEV_NAME": str}),
    "ashlar_chunk_list": (
        "list chunks in the order of their keys",
        {"BDEV_NAME": str, "prefix": str, "after": str, "limit": int},
    ),
    "ashlar_chunk_stat": ("size, version and times of a chunk", {"BDEV_NAME": str, "KEY": str}),
    "ashlar_fs_list": ("list files", {"BDEV_NAME": str, "prefix": str}),
    "ashlar_metrics": ("counters of all open stores", {}),
}


def _add_argument(parser, name, kind):
    if name.isupper():
        parser.add_argument(name.lower(), type=kind)
    elif kind is bool:
        parser.add_argument("--" + name.replace("_", "-"), action="store_true", default=None)
    else:
        parser.add_argument("--" + name.replace("_", "-"), type=kind)


def _caller(method, names):
    def call(args):
        given = {name: getattr(args, name) for name in names}
        params = {name: value for name, value in given.items() if value is not None}
        print(json.dumps(args.client.call(method, params), indent=2).strip('"'))

    return call


def spdk_rpc_plugin_initialize(subparsers):
    """Called by rpc.py; commands that it has itself stay its own."""
    for method, (text, arguments) in COMMANDS.items():
        if method in subparsers.choices:
            continue
        parser = subparsers.add_parser(method, help=text)
        for name, kind in arguments.items():
            _add_argument(parser, name, kind)
        parser.set_defaults(func=_caller(method, [name.lower() for name in arguments]))
