package io.github.offsetallocator.contract;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/// A test that holds a row, counted from 1, of the list of answers that were right and no help. All have the JUnit tag
/// "help"; `-Dgroups=help -Dhelp=3` runs those of one row.
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Tag("help")
@ExtendWith(Switches.class)
@interface Help {
    /// The rows.
    int[] value();
}
