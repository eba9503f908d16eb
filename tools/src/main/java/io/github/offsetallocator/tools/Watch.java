package io.github.offsetallocator.tools;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import jdk.jfr.consumer.EventStream;
import jdk.jfr.consumer.RecordedEvent;
import jdk.management.jfr.RemoteRecordingStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Follows the statistics of a running process, or of a recording, and draws them in the terminal.
///
/// It attaches to the process, starts a stream of Flight Recorder events there, and gets them over JMX: nothing needs to be set up
/// in the process before.
@Command(name = "watch", mixinStandardHelpOptions = true, description = "Draws used, free and largest free bytes and the fragmentation over time.")
final class Watch implements Callable<Integer> {
    static final String STATISTICS = "io.github.offsetallocator.Statistics";

    private static final String CLEAR = "\u001b[H\u001b[2J";

    @Parameters(index = "0", description = "the number of a process (see jps), or a recording of Flight Recorder")
    private String target;

    @Option(names = "--interval", description = "milliseconds between two looks (${DEFAULT-VALUE})", defaultValue = "1000")
    private int interval;

    @Option(names = "--seconds", description = "ends after so many; 0 for never (${DEFAULT-VALUE})", defaultValue = "0")
    private long seconds;

    @Option(names = "--plain", description = "prints one picture below the other")
    private boolean plain;

    private final PrintStream out = System.out;
    private final Map<Name, History> arenas = new TreeMap<>();

    /// @param number 0 in a recording of before arenas were counted
    private record Name(String name, long number) implements Comparable<Name> {
        @Override
        public int compareTo(Name other) {
            int order = name.compareTo(other.name);
            return order != 0 ? order : Long.compare(number, other.number);
        }
    }

    @Override
    public Integer call() throws Exception {
        if (interval < 1 || seconds < 0) {
            throw new IllegalArgumentException(interval < 1 ? "--interval " + interval + " is less than a millisecond" : "--seconds " + seconds + " is negative");
        }
        return target.matches("\\d{1,18}") ? watchProcess() : watchRecording();
    }

    private int watchRecording() throws IOException {
        try (EventStream stream = EventStream.openFile(Path.of(target))) {
            stream.onEvent(STATISTICS, this::add);
            stream.start();
        } catch (RuntimeException e) { // of the JDK's reader
            throw new IOException(target + " is damaged, or no recording: " + e, e);
        }
        if (arenas.isEmpty()) {
            throw new IOException("no event " + STATISTICS + " is in " + target + ": there was no arena, or it is no whole recording");
        }
        draw("");
        return 0;
    }

    private int watchProcess() throws IOException, InterruptedException {
        boolean isFollowed = false;
        try (JMXConnector connector = JMXConnectorFactory.connect(new JMXServiceURL(address()));
                RemoteRecordingStream stream = new RemoteRecordingStream(connector.getMBeanServerConnection())) {
            CountDownLatch end = new CountDownLatch(1);
            stream.enable(STATISTICS).withPeriod(Duration.ofMillis(interval));
            stream.onEvent(STATISTICS, this::add);
            stream.onFlush(() -> {
                forgetClosed();
                draw(plain ? "" : CLEAR);
            });
            stream.onClose(end::countDown);
            stream.startAsync();
            isFollowed = true;
            // the stream doesn't notice; a process that the system hides has no handle
            ProcessHandle.of(Long.parseLong(target)).ifPresent(process -> process.onExit().thenRun(end::countDown));
            if (seconds == 0) {
                end.await();
            } else {
                end.await(seconds, TimeUnit.SECONDS);
            }
        } catch (IOException e) {
            if (!isFollowed) {
                throw e;
            } // else of a close: the process may be gone
        }
        return arenas.isEmpty() ? 1 : 0;
    }

    private String address() throws IOException {
        if (Long.parseLong(target) == ManagementFactory.getRuntimeMXBean().getPid()) {
            throw new IllegalArgumentException("process " + target + " is this one");
        }
        try {
            VirtualMachine machine = VirtualMachine.attach(target);
            try {
                return machine.startLocalManagementAgent();
            } finally {
                machine.detach();
            }
        } catch (AttachNotSupportedException e) {
            throw new IOException("can't attach to process " + target + ": " + e.getMessage(), e);
        }
    }

    private synchronized void add(RecordedEvent event) {
        Name name = new Name(event.getString("arena"), event.hasField("arenaNumber") ? event.getLong("arenaNumber") : 0);
        arenas.computeIfAbsent(name, _ -> new History()).add(event.getEndTime(), event.getLong("size"), event.getLong("used"),
                event.getLong("free"), event.getLong("largestFree"), event.getLong("live"), event.getLong("refused"));
    }

    /// All arenas tell of themselves in turn, so one that others have overtaken by several turns was closed.
    private synchronized void forgetClosed() {
        Instant newest = arenas.values().stream().map(History::lastLook).max(Comparator.naturalOrder()).orElse(Instant.MIN);
        Duration turns = Duration.ofMillis(3L * interval + 1000);
        arenas.values().removeIf(history -> Duration.between(history.lastLook(), newest).compareTo(turns) > 0);
    }

    private synchronized void draw(String before) {
        StringBuilder picture = new StringBuilder(before);
        Map<String, Long> named = arenas.keySet().stream().collect(Collectors.groupingBy(Name::name, Collectors.counting()));
        arenas.forEach((name, history) -> picture.append(history.picture(named.get(name.name()) == 1 ? name.name() : name.name() + " #" + name.number())));
        out.print(arenas.isEmpty() ? before + "no arena yet\n" : picture);
        out.flush();
    }
}
