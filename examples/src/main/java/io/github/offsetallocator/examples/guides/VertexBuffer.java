package io.github.offsetallocator.examples.guides;

import io.github.offsetallocator.CompactionPlan;
import io.github.offsetallocator.OffsetAllocator;

/// Ranges of an array that belongs to someone else. Here it is an `int[]`; it might be a buffer on a GPU, a file, or the
/// numbers of ports.
public final class VertexBuffer implements AutoCloseable {
    private int[] vertices;
    private final OffsetAllocator ranges;

    /// @param capacity in vertices
    public VertexBuffer(int capacity) {
        vertices = new int[capacity];
        ranges = OffsetAllocator.create(capacity);
    }

    /// Makes room for a mesh: in the gaps, by closing gaps, or by growing.
    public long add(int... mesh) {
        long range = ranges.allocate(mesh.length);
        if (range == OffsetAllocator.NO_SPACE && ranges.storageReport().totalFreeSpace() >= mesh.length) {
            compact();
            range = ranges.allocate(mesh.length);
        }
        if (range == OffsetAllocator.NO_SPACE) {
            vertices = java.util.Arrays.copyOf(vertices, Math.max(2 * vertices.length, vertices.length + 2 * mesh.length));
            ranges.grow(vertices.length);        // no range moves
            range = ranges.allocate(mesh.length);
        }
        System.arraycopy(mesh, 0, vertices, (int) ranges.offset(range), mesh.length);
        return range;
    }

    /// The first vertex of a mesh, as a draw call wants it. It changes when gaps are closed; the handle doesn't.
    public int first(long mesh) {
        return (int) ranges.offset(mesh);
    }

    /// One of its vertices.
    public int vertex(long mesh, int index) {
        return vertices[first(mesh) + index];
    }

    /// Gives its vertices back.
    public void remove(long mesh) {
        ranges.free(mesh);
    }

    private void compact() {
        try (CompactionPlan plan = ranges.planCompaction()) {
            for (CompactionPlan.Move move : plan.moves()) {
                System.arraycopy(vertices, (int) move.from(), vertices, (int) move.to(), (int) move.size());
                plan.commit(move);
            }
        }
    }

    @Override
    public void close() {
        ranges.close();
    }

    /// Prints where a mesh lies before and after gaps were closed.
    public static void main(String[] args) {
        try (VertexBuffer buffer = new VertexBuffer(8)) {
            long first = buffer.add(1, 2, 3);
            long second = buffer.add(4, 5, 6);
            System.out.println(buffer.first(second));
            buffer.remove(first);
            buffer.add(7, 8, 9, 10, 11);
            System.out.println(buffer.first(second));
        }
    }
}
