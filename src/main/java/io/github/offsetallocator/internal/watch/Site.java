package io.github.offsetallocator.internal.watch;

import java.util.List;

/// A place in the program: the stack that an allocation was asked for with. Two are equal if their frames stand at the same
/// instructions.
final class Site {
    static final int MOST_FRAMES = 16;

    private static final StackWalker WALKER = StackWalker.getInstance();
    private static final List<String> OURS = List.of("io.github.offsetallocator.SegmentArena", "io.github.offsetallocator.Contents",
            "io.github.offsetallocator.ConfinedScope", "io.github.offsetallocator.SharedScope", "io.github.offsetallocator.internal.",
            "java.lang.foreign.", "jdk.internal.foreign.");

    private final List<StackWalker.StackFrame> frames;
    private final int hash;

    private Site(List<StackWalker.StackFrame> frames) {
        this.frames = frames;
        int h = 0;
        for (StackWalker.StackFrame frame : frames) {
            h = 31 * (31 * h + frame.getClassName().hashCode()) + frame.getByteCodeIndex();
        }
        hash = h;
    }

    /// Where the program is now, outside the allocator.
    static Site here() {
        return new Site(WALKER.walk(frames -> frames.dropWhile(Site::isOurs).limit(MOST_FRAMES).toList()));
    }

    private static boolean isOurs(StackWalker.StackFrame frame) {
        String name = frame.getClassName();
        for (String ours : OURS) {
            if (name.startsWith(ours) && !name.endsWith("Test")) {
                return true;
            }
        }
        return false;
    }

    List<StackWalker.StackFrame> frames() {
        return frames;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Site site && site.hash == hash && isAt(site.frames);
    }

    private boolean isAt(List<StackWalker.StackFrame> others) {
        if (frames.size() != others.size()) {
            return false;
        }
        for (int i = 0; i < frames.size(); i++) {
            StackWalker.StackFrame a = frames.get(i);
            StackWalker.StackFrame b = others.get(i);
            if (a.getByteCodeIndex() != b.getByteCodeIndex() || !a.getClassName().equals(b.getClassName())
                    || !a.getMethodName().equals(b.getMethodName())) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /// The frames below each other, as in a stack trace.
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (StackWalker.StackFrame frame : frames) {
            text.append(text.isEmpty() ? "" : "\n").append("    at ").append(frame);
        }
        return text.toString();
    }
}
