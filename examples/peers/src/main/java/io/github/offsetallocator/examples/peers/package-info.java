/// Libraries that others have made, with a [io.github.offsetallocator.SegmentArena] for their memory: one class for each.
///
/// | library | class | what it is there |
/// |---|---|---|
/// | Apache DataSketches | [SketchMemory][io.github.offsetallocator.examples.peers.SketchMemory] | a `MemorySegmentRequest` |
/// | LWJGL | [ArenaMemoryAllocator][io.github.offsetallocator.examples.peers.ArenaMemoryAllocator] | a `MemoryAllocator` |
/// | Netty | [ArenaByteBufAllocator][io.github.offsetallocator.examples.peers.ArenaByteBufAllocator] | a `ByteBufAllocator` |
/// | the JDK's channels | [ChannelPump][io.github.offsetallocator.examples.peers.ChannelPump] | a user of `ByteBuffer` |
/// | ONNX Runtime | [ArenaTensor][io.github.offsetallocator.examples.peers.ArenaTensor] | an `OnnxTensor` and its memory |
///
/// `docs/peers.md` has what each of them asks of its memory, and what it costs.
package io.github.offsetallocator.examples.peers;
