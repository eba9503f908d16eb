package io.github.offsetallocator.examples;

import java.io.Console;

/// Says on standard error how far the work is: in a terminal one line that is rewritten, elsewhere a line for each
/// stage.
final class Progress {
    private static final int WIDTH = 79;

    private final boolean rewritable;
    private String stage = "";

    Progress() {
        Console console = System.console();
        rewritable = console != null && console.isTerminal();
    }

    /// A new stage begins.
    void stage(String stage) {
        if (stage.equals(this.stage)) {
            return;
        }
        this.stage = stage;
        if (rewritable) {
            rewrite(stage);
        } else {
            System.err.println(stage);
        }
    }

    /// The stage goes on.
    void step(String detail) {
        if (rewritable) {
            rewrite(stage + ", " + detail);
        }
    }

    /// Clears the line for something else.
    void clear() {
        if (rewritable) {
            rewrite("");
            System.err.print('\r');
        }
    }

    private static void rewrite(String text) {
        System.err.print('\r' + text + " ".repeat(Math.max(0, WIDTH - text.length())));
    }
}
