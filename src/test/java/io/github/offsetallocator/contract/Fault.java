package io.github.offsetallocator.contract;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/// A test that holds a kind of fault which was found once: rows of the list of wrong results. All have the JUnit tag
/// "fault"; `-Dgroups=fault -Dfault=3` runs those of one row.
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Tag("fault")
@ExtendWith(Switches.class)
@interface Fault {
    /// The rows.
    int[] value();
}
