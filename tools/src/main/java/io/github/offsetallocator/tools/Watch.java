package io.github.offsetallocator.tools;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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
    private final Map<String, History> arenas = new TreeMap<>();

    @Override
    public Integer call() throws Exception {
        return target.matches("\\d+") ? watchProcess() : watchRecording();
    }

    private int watchRecording() throws IOException {
        try (EventStream stream = EventStream.openFile(Path.of(target))) {
            stream.onEvent(STATISTICS, this::add);
            stream.start();
        }
        draw("");
        return arenas.isEmpty() ? 1 : 0;
    }

    private int watchProcess() throws IOException, InterruptedException {
        try (JMXConnector connector = JMXConnectorFactory.connect(new JMXServiceURL(address()));
                RemoteRecordingStream stream = new RemoteRecordingStream(connector.getMBeanServerConnection())) {
            CountDownLatch end = new CountDownLatch(1);
            stream.enable(STATISTICS).withPeriod(Duration.ofMillis(interval));
            stream.onEvent(STATISTICS, this::add);
            stream.onFlush(() -> draw(plain ? "" : CLEAR));
            stream.onClose(end::countDown);
            stream.startAsync();
            if (seconds == 0) {
                end.await();
            } else {
                end.await(seconds, TimeUnit.SECONDS);
            }
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
        arenas.computeIfAbsent(event.getString("arena"), _ -> new History()).add(event.getLong("size"), event.getLong("used"),
                event.getLong("free"), event.getLong("largestFree"), event.getLong("live"), event.getLong("refused"));
    }

    private synchronized void draw(String before) {
        StringBuilder picture = new StringBuilder(before);
        arenas.forEach((name, history) -> picture.append(history.picture(name)));
        out.print(arenas.isEmpty() ? before + "no arena yet\n" : picture);
        out.flush();
    }
}
