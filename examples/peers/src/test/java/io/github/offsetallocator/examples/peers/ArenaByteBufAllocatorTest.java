package io.github.offsetallocator.examples.peers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.Leak;
import io.github.offsetallocator.LeakDetection;
import io.github.offsetallocator.SegmentArena;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.IllegalReferenceCountException;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Netty's buffers and its event loops, with an arena behind them.
class ArenaByteBufAllocatorTest {
    private static SegmentArena arena() {
        return SegmentArena.builder().growable(1 << 20, 16 << 20).shared().leakDetection(LeakDetection.ALL).closeRefusesLive().build();
    }

    @Test
    void theLastReleaseFrees() {
        try (SegmentArena arena = arena()) {
            ArenaByteBufAllocator allocator = new ArenaByteBufAllocator(arena);
            ByteBuf buffer = allocator.buffer(10);
            assertTrue(buffer.isDirect());
            assertEquals(10, arena.sizeAt(buffer.memoryAddress()));
            buffer.capacity(10);
            assertEquals(10, arena.sizeAt(buffer.memoryAddress()), "the capacity that it has changes nothing");
            ByteBuf view = buffer.retainedSlice(0, 4);
            buffer.release();
            assertEquals(1, arena.allocations(), "the view holds it");
            view.release();
            assertEquals(0, arena.allocations());
            assertThrows(IllegalReferenceCountException.class, buffer::release);
            arena.verify();
        }
    }

    @Test
    void aBufferGrowsWithItsContent() {
        try (SegmentArena arena = arena()) {
            ArenaByteBufAllocator allocator = new ArenaByteBufAllocator(arena);
            byte[] bytes = new byte[100_000];
            new Random(1).nextBytes(bytes);
            ByteBuf buffer = allocator.directBuffer(16);
            CompositeByteBuf both = allocator.compositeDirectBuffer();
            for (int i = 0; i < bytes.length; i += 1000) {
                buffer.writeBytes(bytes, i, 1000);
            }
            both.addComponent(true, buffer.retainedDuplicate()).addComponent(true, allocator.directBuffer().writeLong(42));
            byte[] back = new byte[bytes.length];
            both.readBytes(back);
            assertArrayEquals(bytes, back);
            assertEquals(42, both.readLong());
            assertEquals(2, arena.allocations(), "the smaller ones are gone");
            both.release();
            buffer.release();
            assertEquals(0, arena.allocations());
        }
    }

    /// As where an error strikes.
    @Test
    void aBufferThatCannotBeMadeTakesNoSlice() {
        try (SegmentArena arena = arena()) {
            ArenaByteBufAllocator allocator = new ArenaByteBufAllocator(arena);
            assertThrows(IllegalArgumentException.class, () -> allocator.newDirectBuffer(64, 16), "more than it may ever have");
            assertEquals(0, arena.allocations());
        }
    }

    @Test
    void aBufferThatNobodyReleasesIsALeakWithItsPlace() {
        SegmentArena arena = arena();
        ByteBuf forgotten = new ArenaByteBufAllocator(arena).directBuffer(777);
        assertThrows(IllegalStateException.class, arena::close);
        Leak leak = arena.leaks().getFirst();
        assertEquals(777, leak.bytes());
        assertTrue(leak.site().stream().anyMatch(frame -> frame.getClassName().equals(getClass().getName())), leak.toString());
        forgotten.release();
        arena.close();
    }

    @Test
    void noRoomIsAnOutOfMemoryErrorAndTheBufferStays() {
        try (SegmentArena arena = SegmentArena.ofShared(64 << 10)) {
            ByteBuf buffer = new ArenaByteBufAllocator(arena).directBuffer(1000).writeLong(42);
            assertThrows(OutOfMemoryError.class, () -> buffer.capacity(65 << 10));
            assertEquals(42, buffer.readLong());
            assertEquals(1000, buffer.capacity());
            buffer.release();
            assertEquals(0, arena.allocations());
        }
    }

    /// A server that sends back what it gets, and clients, all with buffers of the arena.
    @Test
    void anEchoOverTheNetwork() throws Exception {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
        try (SegmentArena arena = arena()) {
            ArenaByteBufAllocator allocator = new ArenaByteBufAllocator(arena);
            AtomicInteger foreign = new AtomicInteger();
            Channel server = server(group, allocator, new ChannelInboundHandlerAdapter() {
                @Override
                public boolean isSharable() {
                    return true;
                }

                @Override
                public void channelRead(ChannelHandlerContext context, Object message) {
                    foreign.addAndGet(arena.sizeAt(((ByteBuf) message).memoryAddress()) > 0 ? 0 : 1);
                    context.writeAndFlush(message);
                }
            });
            byte[] sent = new byte[300_000];
            new Random(2).nextBytes(sent);
            for (int client = 0; client < 3; client++) {
                CompletableFuture<byte[]> received = new CompletableFuture<>();
                Channel channel = client(group, allocator, server, new Receiver(sent.length, received));
                channel.writeAndFlush(allocator.directBuffer(sent.length).writeBytes(sent)).sync();
                assertArrayEquals(sent, received.get(30, TimeUnit.SECONDS));
                channel.close().sync();
            }
            server.close().sync();
            group.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
            assertEquals(0, foreign.get(), "buffers that the arena does not know");
            assertEquals(0, arena.allocations(), () -> arena.leaks().toString());
            arena.verify();
        } finally {
            group.shutdownGracefully(0, 10, TimeUnit.SECONDS);
        }
    }

    /// A server whose arena has no room for what it reads.
    @Test
    void noRoomClosesTheConnectionAndTheServerLives() throws Exception {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try (SegmentArena arena = SegmentArena.ofShared(1 << 10)) {
            AtomicInteger failures = new AtomicInteger();
            Channel server = server(group, new ArenaByteBufAllocator(arena), new ChannelInboundHandlerAdapter() {
                @Override
                public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                    failures.addAndGet(cause instanceof OutOfMemoryError ? 1 : 100);
                }

                @Override
                public boolean isSharable() {
                    return true;
                }
            });
            for (int client = 0; client < 2; client++) {
                Channel channel = client(group, ByteBufAllocator.DEFAULT, server, new ChannelInboundHandlerAdapter());
                channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[100])).sync();
                assertTrue(channel.closeFuture().await(30, TimeUnit.SECONDS), "the server closes it");
            }
            assertEquals(2, failures.get());
            assertTrue(server.isActive());
            server.close().sync();
        } finally {
            group.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
        }
    }

    private static Channel server(EventLoopGroup group, ByteBufAllocator allocator, ChannelHandler handler) throws InterruptedException {
        return new ServerBootstrap().group(group).channel(NioServerSocketChannel.class).childOption(ChannelOption.ALLOCATOR, allocator)
                .childHandler(handler).bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).sync().channel();
    }

    private static Channel client(EventLoopGroup group, ByteBufAllocator allocator, Channel server, ChannelHandler handler)
            throws InterruptedException {
        return new Bootstrap().group(group).channel(NioSocketChannel.class).option(ChannelOption.ALLOCATOR, allocator).handler(handler)
                .connect(server.localAddress()).sync().channel();
    }

    private static final class Receiver extends ChannelInboundHandlerAdapter {
        private final int expected;
        private final CompletableFuture<byte[]> result;
        private final ByteArrayOutputStream got = new ByteArrayOutputStream();

        Receiver(int expected, CompletableFuture<byte[]> result) {
            this.expected = expected;
            this.result = result;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf buffer = (ByteBuf) message;
            byte[] bytes = new byte[buffer.readableBytes()];
            buffer.readBytes(bytes).release();
            got.writeBytes(bytes);
            if (got.size() >= expected) {
                result.complete(got.toByteArray());
            }
        }
    }
}
