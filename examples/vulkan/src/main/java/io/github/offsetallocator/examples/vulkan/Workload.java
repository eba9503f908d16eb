package io.github.offsetallocator.examples.vulkan;

import java.util.SplittableRandom;

/// What is uploaded: three of four are mesh-like (whole vertices, 1 to 64 KiB), the fourth is texture-like (64 KiB to
/// 1 MiB, aligned for copies into images). Sizes are spread evenly over their logarithms, the same for the same seed.
final class Workload {
    private static final int[] VERTEX_STRIDES = {12, 20, 32, 48};
    private static final int TEXEL = 4;
    private static final int KIB = 1024;

    private final int[] sizes;
    private final boolean[] textures;
    private final long copyAlignment;
    private long byteSize;

    Workload(int uploads, long copyAlignment, long seed) {
        sizes = new int[uploads];
        textures = new boolean[uploads];
        this.copyAlignment = Math.max(TEXEL, copyAlignment);
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < uploads; i++) {
            textures[i] = random.nextInt(4) == 0;
            int unit = textures[i] ? TEXEL : VERTEX_STRIDES[random.nextInt(VERTEX_STRIDES.length)];
            int smallest = textures[i] ? 64 * KIB : KIB;
            int largest = textures[i] ? KIB * KIB : 64 * KIB;
            double size = smallest * Math.pow((double) largest / smallest, random.nextDouble());
            sizes[i] = (int) size / unit * unit;
            byteSize += sizes[i];
        }
    }

    int uploads() {
        return sizes.length;
    }

    /// The sum of all sizes.
    long byteSize() {
        return byteSize;
    }

    int size(int upload) {
        return sizes[upload];
    }

    long alignment(int upload) {
        return textures[upload] ? copyAlignment : 1;
    }
}
