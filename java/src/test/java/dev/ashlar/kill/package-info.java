/** Stores whose process is killed. */
package dev.ashlar.kill;
