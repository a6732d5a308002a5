/*
 * base/torch_file.h: the tensors of a PyTorch file (.pt, .pth), without PyTorch: what torch.save() (since 1.6) and
 * torch.jit.save() write. Both are zip archives of stored members: data.pkl, a pickle that says how the tensors are
 * named and laid out, and one member of raw numbers for each storage.
 *
 * Copyright (c) 2026 the selectai developers. SPDX-License-Identifier: MIT
 */
#ifndef SAI_BASE_TORCH_FILE_H
#define SAI_BASE_TORCH_FILE_H

#include "base/file.h"
#include "base/tensor.h"

struct sai_torch_file {
    struct sai_mapping mapping;
    struct sai_tensor *tensors; /* in the file's order */
    size_t n_tensors;
    const char *form; /* "torch state dict", "torch checkpoint", "torch module", "torch script": static */
    struct sai_tensor_index index;
    struct sai_arena arena; /* names, and the numbers of tensors that did not lie in C order */
};

/*
 * A tensor's name is the way to it, joined by dots: keys of dicts, numbers in lists, attributes of objects (of a
 * TorchScript archive: its modules' paths; its constants are "constants.0" ...). If the file holds a dict with
 * "state_dict", "model_state_dict" or "model", only that one counts, and is no part of names.
 *
 * The mapping is taken over, whatever comes of it. Nothing in the file is ever run; memory is bounded by the limits in
 * pickle.h and, for tensors that are copied, by the file's size. Errors: SELECTAI_ERR_FORMAT names the file and what is
 * wrong.
 */
int sai_torch_read(struct sai_torch_file *out, struct sai_mapping *mapping, const char *path);
void sai_torch_close(struct sai_torch_file *file);

#endif
