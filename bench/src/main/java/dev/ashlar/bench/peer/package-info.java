/** What users would take instead of Ashlar, and the tools that show the limit of a device. */
package dev.ashlar.bench.peer;
