/** Stores in a process of their own, which is killed or measured. */
package dev.ashlar.process;
