"""Torch's names of operations, by what kind of function each is.

As `calls.spelled` has them: without the spelling of methods, operators and writing in place.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ARRANGING = _names(
    """
    adjoint as_strided as_tensor atleast_1d atleast_2d atleast_3d bfloat16 block_diag
    broadcast_tensors broadcast_to cat channel_shuffle chunk clone column_stack constant_pad_nd
    contiguous copy cpu cuda diag diag_embed diagonal diagonal_scatter double dsplit dstack
    embedding expand expand_as fill flatten flip fliplr flipud float fold gather getitem half hsplit
    hstack im2col imag index index_copy index_fill index_put index_select masked_fill masked_scatter
    masked_select meshgrid movedim narrow narrow_copy native_channel_shuffle _pack_padded_sequence
    pad _pad_packed_sequence permute pixel_shuffle pixel_unshuffle positive ravel real
    reflection_pad1d reflection_pad2d repeat repeat_interleave replication_pad1d replication_pad2d
    reshape reshape_as resolve_conj resolve_neg roll rot90 scatter select select_scatter setitem
    slice_scatter split split_with_sizes squeeze stack t take take_along_dim tensor_split tile to
    transpose tril triu type type_as unbind unflatten unfold unsafe_chunk unsafe_split unsqueeze
    upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d
    _upsample_nearest_exact2d view view_as view_as_complex view_as_real vsplit vstack where zero
    """
) | {"get T", "get mT", "get H", "get mH", "get real", "get imag"}
"""Names of operations each of whose results is one of the entries, or a constant."""

SUMMING = _names(
    """
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d add avg_pool1d avg_pool2d avg_pool3d
    batch_norm col2im complex conj conj_physical cumsum deg2rad diff embedding_bag fft_fft fft_fft2
    fft_fftn fft_fftshift fft_hfft fft_ifft fft_ifft2 fft_ifftn fft_ifftshift fft_ihfft fft_irfft
    fft_irfft2 fft_irfftn fft_rfft fft_rfft2 fft_rfftn grid_sampler index_add istft mean nanmean
    nansum neg rad2deg rsub scatter_add stft sub sum sum_to_size trace upsample_bicubic2d
    upsample_bilinear2d _upsample_bilinear2d_aa upsample_linear1d upsample_trilinear3d
    """
)
"""Names of operations whose results are sums of entries with constant weights."""

WEIGHTED = _names(
    """
    addbmm addcmul addmm addmv addr baddbmm bilinear bmm conv1d conv2d conv3d conv_tbc
    conv_transpose1d conv_transpose2d conv_transpose3d convolution dot einsum ger inner kron lerp
    linalg_cross linalg_multi_dot linalg_vecdot linear matmul mm mul mv outer tensordot vdot
    """
)
"""Names of operations that are linear in each factor."""

ELEMENTWISE = _names(
    """
    abs acos acosh asin asinh atan atanh ceil celu clamp clamp_max clamp_min cos cosh digamma elu
    erf erfc erfinv exp exp2 expm1 float_power floor floor_divide fmod frac gelu hardshrink
    hardsigmoid hardswish hardtanh heaviside i0 leaky_relu lgamma log log10 log1p log2 log_sigmoid
    logit logsigmoid mish nan_to_num pow reciprocal relu relu6 remainder round rrelu rsqrt selu sgn
    sigmoid sign silu sin sinc sinh softplus softshrink sqrt tan tanh threshold trunc xlogy
    """
)
"""Names of functions that treat every entry alone, when one argument varies."""

STEEP = _names(
    """
    acos acosh asin atanh cosh digamma erfinv exp exp2 expm1 float_power i0 lgamma log log10 log1p
    log2 logit pow reciprocal rsqrt sinh sqrt tan xlogy
    """
)
"""Names of those of them whose slope has no bound, or which are not defined everywhere."""

DECISIONS = _names(
    """
    all any argmax argmin argsort bitwise_xor bool bucketize byte char count_nonzero int isclose
    isfinite isinf isnan isneginf isposinf isreal logical_xor long nonzero searchsorted short
    signbit
    """
)
"""Names of functions whose results are truths or whole numbers."""

SHAPES = _names(
    """
    data_ptr dim element_size empty_like format full_like get_device hash is_complex is_conj
    is_contiguous is_floating_point is_inference is_neg is_same_size is_signed is_tensor len
    ndimension nelement new_empty new_full new_ones new_tensor new_zeros numel ones_like rand_like
    randint_like randn_like register_hook repr requires_grad result_type retain_grad size
    storage_offset str stride untyped_storage zeros_like
    """
)
"""Names of functions whose results do not depend on values."""

LIKE_ANOTHER = frozenset({"expand_as", "reshape_as", "to", "type_as", "view_as"})
"""Names of what takes shape, type or device from a second tensor, and nothing of its values."""

SQUARES = frozenset({"square", "var", "mse_loss"})
"""Names of operations that are quadratic in one argument."""

SUMS_IN_PLACE = frozenset({"add", "sub", "mul", "div"})
"""Names of what writes a new value of every entry: its parts are those of the value."""

COMPARISONS = frozenset({"eq", "ge", "gt", "le", "lt", "ne"})

ORDERED = frozenset({"cummax", "cummin", "kthvalue", "median", "mode", "nanmedian", "sort", "topk"})
"""Names of functions that pick entries by their order, and say where they stood."""

LEAVING = frozenset(
    {"__array__", "__bool__", "__complex__", "__float__", "__index__", "__int__", "__contains__"}
)
"""Names of what turns tensors into Python's or NumPy's values."""

TOLD = LEAVING | {"allclose", "equal", "is_nonzero", "item", "numpy", "tolist"}
"""Names of functions whose results are no tensors."""

_CASTS = frozenset({"bfloat16", "double", "float", "half", "to", "type", "type_as"})

ARITHMETIC = _CASTS | {"add", "div", "mean", "mul", "rsub", "sub", "sum"}

ALLOWS_DECISIONS = (
    COMPARISONS
    | DECISIONS
    | TOLD
    | {"bitwise_and", "bitwise_not", "bitwise_or", "logical_and"}
    | {"logical_not", "logical_or", "masked_fill", "where"}
)
"""Names of functions whose rules take truths that differ."""

POOLS = frozenset(f"max_pool{axes}d{end}" for axes in (1, 2, 3) for end in ("", "_with_indices"))

ADAPTIVE_POOLS = frozenset(f"adaptive_{name}" for name in POOLS)
