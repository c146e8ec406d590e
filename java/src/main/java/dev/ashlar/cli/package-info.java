/** The command line, {@code bin/ashlar}. Not needed by programs that use the library. */
@NullMarked
package dev.ashlar.cli;

import org.jspecify.annotations.NullMarked;
