package io.github.offsetallocator.jmh;

import java.io.IOException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// What `java -jar benchmarks.jar` starts: one of the programs below if it is named, or else JMH with the same
/// arguments.
@Command(
        name = "java -jar jmh/target/benchmarks.jar",
        description = {
            "Measures the allocator and its peers.%n",
            "With any other first argument, JMH: a regular expression for benchmarks, -l lists them, -h helps."
        },
        synopsisSubcommandLabel = "PROGRAM",
        subcommands = {
            Quick.class,
            Shared.class,
            Latency.class,
            Growth.class,
            Scopes.class,
            Watching.class,
            Fragmentation.class,
            Footprint.class,
            Reopening.class,
            Plots.class
        })
public final class Benchmarks {
    private Benchmarks() {}

    /// See [Benchmarks].
    ///
    /// @param args a program and its options, or those of JMH
    public static void main(String[] args) throws Exception {
        CommandLine programs = programs();
        if (args.length == 0) {
            programs.usage(System.out);
        } else if (programs.getSubcommands().containsKey(args[0])) {
            System.exit(programs.execute(args));
        } else {
            org.openjdk.jmh.Main.main(args);
        }
    }

    static CommandLine programs() {
        return new CommandLine(new Benchmarks())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((e, program, _) -> {
                    if (e instanceof IOException) { // of a fork, say, which has told of itself
                        program.getErr().println(e.getMessage());
                        return CommandLine.ExitCode.SOFTWARE;
                    }
                    throw e;
                });
    }
}
