/**
 * What the library is made of. Nothing here is for use by programs: names, signatures and behaviour
 * change without notice.
 */
@NullMarked
package dev.ashlar.internal;

import org.jspecify.annotations.NullMarked;
