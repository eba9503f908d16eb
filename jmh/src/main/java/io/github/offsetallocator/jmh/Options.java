package io.github.offsetallocator.jmh;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// What options have to say.
final class Options {
    private static final double LARGEST_POOL = 1000;

    private Options() {}

    /// Ends the program with a line that names the option, unless its value makes sense. To be called before anything is measured.
    static void require(CommandSpec program, boolean makesSense, String option, Object value, String want) {
        if (!makesSense) {
            throw new ParameterException(program.commandLine(), "Invalid value for option '" + option + "': '" + value + "' is not " + want);
        }
    }

    static void requireCount(CommandSpec program, String option, long count) {
        require(program, count >= 1, option, count, "1 or more");
    }

    /// What is live at the peak has to fit.
    static void requirePool(CommandSpec program, double times) {
        require(program, times >= 1 && times <= LARGEST_POOL, "--pool", times, "from 1 to " + (int) LARGEST_POOL);
    }
}
