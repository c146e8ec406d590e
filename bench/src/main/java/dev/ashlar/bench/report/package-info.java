/** What a run found, as a table for people and as JSON for programs. */
package dev.ashlar.bench.report;
