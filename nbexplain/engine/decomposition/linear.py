"""Operations that are linear in what varies: autograd's derivative is the multiplier."""

from __future__ import annotations

from typing import Any

import torch

from nbexplain.engine.decomposition.calls import Call, parameters
from nbexplain.engine.decomposition.pairs import adopt, mapped, paired, twin_or_itself

ARRANGING = frozenset(
    """
    adjoint alias as_strided atleast_1d atleast_2d atleast_3d
    block_diag broadcast_tensors broadcast_to cat channel_shuffle chunk clone column_stack
    constant_pad_nd contiguous copy cpu cuda diag diag_embed diagonal diagonal_scatter double
    dsplit embedding dstack expand expand_as fill flatten flip fliplr flipud float fold gather getitem half
    bfloat16 hsplit hstack im2col index index_copy index_put index_select masked_fill
    masked_scatter masked_select meshgrid movedim narrow narrow_copy native_channel_shuffle pad permute
    pixel_shuffle pixel_unshuffle positive ravel reflection_pad1d reflection_pad2d repeat
    repeat_interleave replication_pad1d replication_pad2d reshape reshape_as
    resolve_conj resolve_neg roll rot90 scatter select select_scatter setitem slice_scatter split
    split_with_sizes squeeze stack t take take_along_dim tensor_split tile to transpose
    tril triu type type_as unbind unflatten unfold unsafe_chunk unsafe_split unsqueeze view
    view_as view_as_complex view_as_real  vsplit vstack where zero _pack_padded_sequence
    _pad_packed_sequence _reshape_alias real imag 
    upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d
    _upsample_nearest_exact2d
    """.split()
) | {"get T", "get mT", "get H", "get mH", "get real", "get imag"}
"""Names of operations each of whose results is one of the entries, or a constant."""

SUMMING = frozenset(
    """
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d add avg_pool1d avg_pool2d avg_pool3d
    batch_norm col2im conj conj_physical cumsum deg2rad diff embedding_bag fft_fft fft_fft2
    fft_fftn fft_fftshift fft_hfft fft_ifft fft_ifft2 fft_ifftn fft_ifftshift fft_ihfft fft_irfft
    fft_irfft2 fft_irfftn fft_rfft fft_rfft2 fft_rfftn grid_sampler index_add istft mean nanmean
    nansum neg rad2deg rsub scatter_add stft sub sum sum_to_size trace upsample_bicubic2d
    upsample_bilinear2d upsample_linear1d upsample_trilinear3d complex _upsample_bilinear2d_aa
    """.split()
)
"""Names of operations whose results are sums of entries with constant weights."""

SUMS_IN_PLACE = frozenset({"add", "sub", "mul", "div"})
"""Names of what writes a new value of every entry: its parts are those of the value."""

_IN_THE_FIRST = frozenset({"batch_norm", "grid_sampler", "to", "type", "repeat_interleave"})


def linear(call: Call) -> Any:
    """A linear operation, in both worlds as it is written: in place, into views, on views."""
    if call.name in _IN_THE_FIRST and call.varying != [call.args[0]]:
        call.refuse("where other arguments than the first depend on the inputs")
    if call.cancels and call.in_place and call.name in SUMS_IN_PLACE:
        with torch.no_grad():
            before = call(twin_or_itself)
        return paired(call(lambda t: t), before)
    if call.in_place:
        adopt(call.args[0])
    result = call.function(*call.args, **call.kwargs)
    args, kwargs = mapped((call.args, call.kwargs), twin_or_itself)
    with torch.no_grad():
        return paired(result, call.function(*args, **kwargs))


def batch_norm(call: Call) -> Any:
    """Normalisation by kept statistics; those of the batch would let rows influence each other."""
    if call.args[5]:
        call.refuse("by the statistics of the batch")
    return linear(call)


def dropout(call: Call) -> Any:
    """Nothing, in evaluation mode."""
    _, p, training = parameters(call, "input", "p", "train")
    if training and p > 0:
        call.refuse("that is left on")
    return linear(call)


def detached(call: Call) -> Any:
    """`detach` and `.data`: the values vary all the same, so their changes count."""
    return paired(call.args[0].view_as(call.args[0]), twin_or_itself(call.args[0]))
