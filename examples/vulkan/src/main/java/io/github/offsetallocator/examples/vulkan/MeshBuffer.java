package io.github.offsetallocator.examples.vulkan;

import static org.lwjgl.vulkan.VK10.*;

import java.lang.foreign.MemorySegment;

/// Many meshes in one vertex buffer and one index buffer, in the manner of Bevy's mesh allocator, so that drawing them
/// all binds buffers once.
///
/// ```
///   vertices  [ mesh 1 |  mesh 0  | free |    mesh 2    | free ]     vkCmdDrawIndexed(indexCount, 1,
///   indices   [   mesh 0   | mesh 1 |  mesh 2 |      free      ]             firstIndex, vertexOffset, 0)
/// ```
///
/// Meshes come and go; the buffers grow when they are full and close their gaps when asked to. A [Mesh] stays valid
/// through all of that, only the numbers of its draw call change.
final class MeshBuffer implements AutoCloseable {
    /// Two ranges, by their handles.
    record Mesh(long vertexRange, long indexRange) {}

    private final ElementBuffer vertices;
    private final ElementBuffer indices;

    MeshBuffer(VulkanDevice device, CommandQueue queue, StagingBuffer staging, int vertexSize, long vertexCapacity,
            long indexCapacity) {
        vertices = new ElementBuffer(device, queue, staging, vertexSize, vertexCapacity,
                VK_BUFFER_USAGE_VERTEX_BUFFER_BIT);
        indices = new ElementBuffer(device, queue, staging, Integer.BYTES, indexCapacity,
                VK_BUFFER_USAGE_INDEX_BUFFER_BIT);
    }

    Mesh add(MemorySegment vertexData, MemorySegment indexData) {
        return new Mesh(vertices.add(vertexData), indices.add(indexData));
    }

    void remove(Mesh mesh) {
        vertices.remove(mesh.vertexRange);
        indices.remove(mesh.indexRange);
    }

    /// What `vkCmdDrawIndexed` takes as `indexCount`.
    int indexCount(Mesh mesh) {
        return (int) indices.count(mesh.indexRange);
    }

    /// What `vkCmdDrawIndexed` takes as `firstIndex`.
    int firstIndex(Mesh mesh) {
        return (int) indices.first(mesh.indexRange);
    }

    /// What `vkCmdDrawIndexed` takes as `vertexOffset`.
    int vertexOffset(Mesh mesh) {
        return Math.toIntExact(vertices.first(mesh.vertexRange));
    }

    ElementBuffer vertices() {
        return vertices;
    }

    ElementBuffer indices() {
        return indices;
    }

    @Override
    public void close() {
        vertices.close();
        indices.close();
    }
}
