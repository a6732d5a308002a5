# backend_table.py: selectai_backend.h for ctypes; used by the checks in this folder.
# Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
import ctypes as C

import numpy as np

fp = C.POINTER(C.c_float)
u32p = C.POINTER(C.c_uint32)


class NetSpec(C.Structure):
    _fields_ = [("struct_size", C.c_uint32), ("n_widths", C.c_uint32), ("widths", u32p), ("dropout", C.c_float),
                ("output", C.c_int32), ("seed", C.c_uint64), ("device", C.c_char_p)]


class Epoch(C.Structure):
    _fields_ = [("epoch", C.c_uint32), ("epochs", C.c_uint32), ("train_loss", C.c_float),
                ("validation_loss", C.c_float), ("validation_metric", C.c_float), ("is_best", C.c_int32)]


EpochFn = C.CFUNCTYPE(C.c_int, C.POINTER(Epoch), C.c_void_p)


class Options(C.Structure):
    _fields_ = [("struct_size", C.c_uint32), ("epochs", C.c_uint32), ("batch_size", C.c_uint32),
                ("patience", C.c_uint32), ("lr", C.c_float), ("weight_decay", C.c_float), ("on_epoch", EpochFn),
                ("user", C.c_void_p)]


class Pairs(C.Structure):
    _fields_ = [("struct_size", C.c_uint32), ("reserved", C.c_uint32), ("x", fp), ("n_rows", C.c_uint64),
                ("offset", fp), ("winner", u32p), ("loser", u32p), ("weight", fp), ("n_train", C.c_uint64),
                ("n_validation", C.c_uint64), ("margin", C.c_float)]


LossFn = C.CFUNCTYPE(C.c_double, fp, fp, u32p, C.c_uint32, C.c_void_p)


class Task(C.Structure):
    _fields_ = [("struct_size", C.c_uint32), ("reserved", C.c_uint32), ("x", fp), ("n_rows", C.c_uint64),
                ("starts", u32p), ("rows", u32p), ("n_train", C.c_uint64), ("n_validation", C.c_uint64),
                ("loss", LossFn), ("user", C.c_void_p)]


class Tensor(C.Structure):
    _fields_ = [("name", C.c_char_p), ("data", C.c_void_p), ("dtype", C.c_int32), ("rank", C.c_uint32),
                ("shape", C.c_uint64 * 4)]


class TowerSpec(C.Structure):
    _fields_ = [("struct_size", C.c_uint32)] + [(n, C.c_uint32) for n in
                "image_size patch width layers heads mlp_width output".split()] + [
        ("activation", C.c_int32), ("compute_dtype", C.c_int32), ("layer_norm_eps", C.c_float),
        ("device", C.c_char_p), ("tensors", C.POINTER(Tensor)), ("n_tensors", C.c_uint64)]


_err = [C.c_char_p, C.c_size_t]
_functions = [
    ("set_threads", C.CFUNCTYPE(C.c_int, C.c_uint32, *_err)),
    ("has_device", C.CFUNCTYPE(C.c_int, C.c_char_p)),
    ("net_create", C.CFUNCTYPE(C.c_int, C.POINTER(C.c_void_p), C.POINTER(NetSpec), *_err)),
    ("net_destroy", C.CFUNCTYPE(None, C.c_void_p)),
    ("net_get_parameters", C.CFUNCTYPE(C.c_int, C.c_void_p, fp, C.c_uint64, *_err)),
    ("net_set_parameters", C.CFUNCTYPE(C.c_int, C.c_void_p, fp, C.c_uint64, *_err)),
    ("net_train_pairs", C.CFUNCTYPE(C.c_int, C.c_void_p, C.POINTER(Pairs), C.POINTER(Options), *_err)),
    ("net_train_rows", C.c_void_p),
    ("net_predict", C.CFUNCTYPE(C.c_int, C.c_void_p, fp, fp, C.c_uint64, *_err)),
    ("tower_create", C.CFUNCTYPE(C.c_int, C.POINTER(C.c_void_p), C.POINTER(TowerSpec), *_err)),
    ("tower_destroy", C.CFUNCTYPE(None, C.c_void_p)),
    ("tower_encode", C.CFUNCTYPE(C.c_int, C.c_void_p, fp, fp, C.c_uint64, *_err)),
    ("tower_encode_share", C.CFUNCTYPE(C.c_int, C.c_void_p, fp, fp, C.c_uint64, *_err)),
    ("tower_dtype", C.CFUNCTYPE(C.c_int, C.POINTER(C.c_int32), C.c_char_p, *_err)),
    ("net_train_task", C.CFUNCTYPE(C.c_int, C.c_void_p, C.POINTER(Task), C.POINTER(Options), *_err)),
]


class Table(C.Structure):
    _fields_ = [("abi_version", C.c_uint32), ("struct_size", C.c_uint32), ("name", C.c_char_p)] + _functions


def floats(a):
    return a.ctypes.data_as(fp)


class Backend:
    """The module's table; every call raises RuntimeError with the module's text."""

    def __init__(self, path):
        entry = C.CDLL(path).selectai_backend_entry_v1
        entry.restype = C.POINTER(Table)
        self.table = entry().contents
        assert self.table.abi_version == 1 and self.table.struct_size == C.sizeof(Table)

    def call(self, name, *args):
        err = C.create_string_buffer(512)
        if getattr(self.table, name)(*args, err, len(err)) != 0:
            raise RuntimeError(err.value.decode())


class Net:
    def __init__(self, backend, widths, dropout=0.0, output=0, seed=1):
        self.backend, self.widths = backend, widths
        spec = NetSpec(C.sizeof(NetSpec), len(widths), (C.c_uint32 * len(widths))(*widths), dropout, output, seed, None)
        self.handle = C.c_void_p()
        backend.call("net_create", C.byref(self.handle), spec)
        self.n = sum(a * b + b for a, b in zip(widths, widths[1:]))

    def parameters(self):
        out = np.empty(self.n, np.float32)
        self.backend.call("net_get_parameters", self.handle, floats(out), self.n)
        return out

    def set_parameters(self, values):
        self.backend.call("net_set_parameters", self.handle, floats(values), len(values))

    def predict(self, x):
        y = np.empty((len(x), self.widths[-1]), np.float32)
        self.backend.call("net_predict", self.handle, floats(y), floats(x), len(x))
        return y

    def train(self, function, data, epochs, batch, lr):
        """Trains; returns (training loss, validation loss, metric) of each epoch."""
        curve = []

        def note(epoch, _):
            e = epoch.contents
            curve.append((e.train_loss, e.validation_loss, e.validation_metric))
            return 0

        options = Options(C.sizeof(Options), epochs, batch, 0, lr, 0.0, EpochFn(note), None)
        self.backend.call(function, self.handle, data, options)
        return curve

    def train_pairs(self, x, winner, loser, weight=None, n_validation=0, epochs=1, batch=32, lr=1e-3, margin=0.5):
        w, l = winner.astype(np.uint32), loser.astype(np.uint32)
        data = Pairs(C.sizeof(Pairs), 0, floats(x), len(x), None, w.ctypes.data_as(u32p), l.ctypes.data_as(u32p),
                     None if weight is None else floats(weight), len(w) - n_validation, n_validation, margin)
        return self.train("net_train_pairs", data, epochs, batch, lr)

    def train_task(self, x, items, loss, n_validation=0, epochs=1, batch=32, lr=1e-3):
        """items: lists of rows of x. loss(numbers of items, outputs of each, training): (sum, gradients of each)."""
        starts = np.cumsum([0] + [len(i) for i in items]).astype(np.uint32)
        rows = np.concatenate(items).astype(np.uint32)

        def call(gradient, output, numbers, n, _):
            numbers = np.ctypeslib.as_array(numbers, (n,)).copy()
            cuts = np.cumsum([len(items[i]) for i in numbers])
            shape = (cuts[-1], self.widths[-1])
            total, gradients = loss(numbers, np.split(np.ctypeslib.as_array(output, shape), cuts[:-1]), bool(gradient))
            if gradient:
                np.ctypeslib.as_array(gradient, shape)[:] = np.concatenate(gradients)
            return total

        data = Task(C.sizeof(Task), 0, floats(x), len(x), starts.ctypes.data_as(u32p), rows.ctypes.data_as(u32p),
                    len(items) - n_validation, n_validation, LossFn(call), None)
        return self.train("net_train_task", data, epochs, batch, lr)

    def __del__(self):
        self.backend.table.net_destroy(self.handle)


class Tower:
    """tensors: {name: float32 array}, names without "visual."."""

    def __init__(self, backend, tensors, image, patch, width, layers, heads, output, activation, dtype="float32"):
        self.backend, self.output = backend, output
        keep = {k: np.ascontiguousarray(v, np.float32) for k, v in tensors.items()}
        array = (Tensor * len(keep))()
        for t, (name, v) in zip(array, keep.items()):
            t.name, t.data, t.dtype, t.rank = name.encode(), v.ctypes.data, 0, v.ndim
            for i, n in enumerate(v.shape):
                t.shape[i] = n
        mlp = keep["transformer.resblocks.0.mlp.c_fc.bias"].shape[0]
        spec = TowerSpec(C.sizeof(TowerSpec), image, patch, width, layers, heads, mlp, output,
                         {"quickgelu": 0, "gelu": 1}[activation], {"float32": 0, "bfloat16": 2}[dtype], 1e-5, None, array, len(keep))
        self.handle = C.c_void_p()
        backend.call("tower_create", C.byref(self.handle), spec)

    def encode(self, x):
        y = np.empty((len(x), self.output), np.float32)
        self.backend.call("tower_encode", self.handle, floats(y), floats(x), len(x))
        return y

    def __del__(self):
        self.backend.table.tower_destroy(self.handle)
