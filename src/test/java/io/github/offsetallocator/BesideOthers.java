package io.github.offsetallocator;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/// Tests that may run beside others: they change nothing that others look at, and wait for those that change where all tables get their memory
/// from, or what is logged.
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock(value = "source of table memory", mode = ResourceAccessMode.READ)
@ResourceLock(value = "log", mode = ResourceAccessMode.READ)
public @interface BesideOthers {}
