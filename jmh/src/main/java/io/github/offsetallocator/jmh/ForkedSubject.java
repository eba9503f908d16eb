package io.github.offsetallocator.jmh;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.util.List;

/// A subject in a JVM that stays alive between its rounds, see [Player].
final class ForkedSubject implements Contestant {
    private final String name;
    private final Process process;
    private final BufferedReader answers;
    private final BufferedWriter orders;

    /// Returns when it has warmed up.
    ForkedSubject(Kind kind, Work work) throws IOException {
        this(kind + " on " + work, Player.class, kind.name(), work.name());
    }

    /// As the other one, with a player of another kind that answers in the same way.
    ForkedSubject(String name, Class<?> player, String... arguments) throws IOException {
        this.name = name;
        process = Jvm.running(player, Jvm.TOUCHED_HEAP, arguments)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        answers = process.inputReader();
        orders = process.outputWriter();
        String answer = answers.readLine();
        if (!Player.READY.equals(answer)) {
            close();
            throw new IOException(name + " is not ready but says " + answer);
        }
    }

    @Override
    public double round() throws IOException {
        orders.newLine();
        orders.flush();
        String answer = answers.readLine();
        if (answer == null) {
            throw new IOException(name + " has died");
        }
        return Double.parseDouble(answer);
    }

    @Override
    public void close() {
        process.destroy();
    }
}
