package io.github.offsetallocator.internal.regions;

/// Sizes as 8-bit floats: 5 bits of exponent, 3 bits of mantissa, an implicit leading one. The float of a size is the
/// number of its bin.
///
/// ```
///  size        0 … 7   8 … 15   16 … 31    32 … 63    64 … 127            2^31 … 2^32 - 1
///  bin         0 … 7   8 … 15   16 … 23    24 … 31    32 … 39      …      232 … 239
///  step            1        1         2          4          8             2^28
/// ```
///
/// Up to 16 a bin is one size; above, the eight bins of each power of two are an eighth of it wide, so that rounding
/// costs at most 12.5 %. Two roundings make a search safe: a free region lies in the bin of its size rounded *down*, so
/// whatever lies in the bin of a request rounded *up* is large enough.
///
/// Source: `SmallFloat` in Sebastian Aaltonen's
/// [OffsetAllocator](https://github.com/sebbbi/OffsetAllocator/blob/main/offsetAllocator.cpp). The formulas here give
/// the same numbers with fewer steps: the leading one is added, not masked off, and becomes the exponent's increment.
public final class SmallFloat {
    private static final int MANTISSA_BITS = 3;

    /// Number of bins. A 32-bit size reaches 240 of them.
    public static final int BINS = 256;

    private SmallFloat() {}

    /// Largest bin whose size is not above `size` (0 to 2^32 - 1).
    public static int roundDown(long size) {
        int shift = shift(size);
        return (shift << MANTISSA_BITS) + (int) (size >>> shift);
    }

    /// Smallest bin whose size is not below `size` (0 to 2^33).
    public static int roundUp(long size) {
        int shift = shift(size);
        return (shift << MANTISSA_BITS) + (int) ((size + (1L << shift) - 1) >>> shift);
    }

    /// Smallest size that lies in `bin` (0 to 255).
    public static long size(int bin) {
        int exponent = bin >>> MANTISSA_BITS;
        long mantissa = bin & ((1 << MANTISSA_BITS) - 1);
        return exponent == 0 ? mantissa : (mantissa | 1 << MANTISSA_BITS) << (exponent - 1);
    }

    private static int shift(long size) {
        return 63 - MANTISSA_BITS - Long.numberOfLeadingZeros(size | 1 << MANTISSA_BITS);
    }
}
