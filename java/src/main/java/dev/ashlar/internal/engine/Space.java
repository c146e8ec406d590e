package dev.ashlar.internal.engine;

import dev.ashlar.ChunkKey;
import dev.ashlar.CorruptMetadataException;
import dev.ashlar.internal.Pages;
import dev.ashlar.internal.StoreDevice;
import dev.ashlar.internal.metadata.MetadataBatch;
import dev.ashlar.internal.metadata.MetadataStore;
import dev.ashlar.internal.metadata.SegmentCursor;
import dev.ashlar.internal.metadata.SegmentMap;
import dev.ashlar.internal.metadata.SpaceRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which pages are in use: loaded at open from what the last clean close saved, or gathered from the
 * maps of all chunks, which are the truth; saved again at a clean close.
 */
final class Space {
  private static final Logger LOG = LoggerFactory.getLogger(Space.class);
  private static final int RUNS = 4096;

  private final StoreDevice device;
  private final MetadataStore metadata;
  private long generation;

  Space(final StoreDevice device, final MetadataStore metadata) {
    this.device = device;
    this.metadata = metadata;
  }

  /** The generation under which {@link #save} saves. */
  void setGeneration(final long current) {
    generation = current;
  }

  // --- open --------------------------------------------------------------------------------------

  /** Loads what was saved under a generation; false if something of it is missing or different. */
  boolean load(final long savedGeneration) {
    final Map<Integer, SpaceRecord> saved = new HashMap<>();
    for (final SpaceRecord record : metadata.getSpaces()) {
      saved.put(record.blob(), record);
    }
    final long[] blobs = device.spaceBlobs();
    for (int i = 0; i < blobs.length; i += 2) {
      final SpaceRecord record = saved.get((int) blobs[i]);
      if (record == null
          || record.generation() != savedGeneration
          || record.pages() != blobs[i + 1]) {
        LOG.info("the saved map of free pages of blob {} does not fit", blobs[i]);
        return false;
      }
    }
    for (int i = 0; i < blobs.length; i += 2) {
      device.loadBitmap((int) blobs[i], saved.get((int) blobs[i]).words());
    }
    return true;
  }

  /**
   * Gathers the pages in use from all maps.
   *
   * @return what is wrong with them, or null
   */
  @Nullable CorruptMetadataException rebuild() {
    final Owners owners = new Owners();
    final SegmentMap map = new SegmentMap();
    try (SegmentCursor cursor = metadata.allSegments()) {
      while (cursor.next()) {
        cursor.read(map);
        for (int page = 0; page < SegmentMap.PAGES; page++) {
          if (map.locations[page] != Pages.HOLE && !owners.add(map.locations[page])) {
            return describe(owners);
          }
        }
      }
    }
    return owners.flush() ? null : describe(owners);
  }

  /** Collects runs and marks them in large steps. */
  private final class Owners {
    final long[] runs = new long[2 * RUNS];
    int count;
    long bad = -1;

    /** False when something was wrong with a run before. */
    boolean add(final long location) {
      if (count > 0 && runs[2 * count - 2] + runs[2 * count - 1] == location) {
        runs[2 * count - 1]++;
        return true;
      }
      if (count == RUNS && !flush()) {
        return false;
      }
      runs[2 * count] = location;
      runs[2 * count + 1] = 1;
      count++;
      return true;
    }

    boolean flush() {
      bad = count == 0 ? -1 : device.markUsed(runs, count);
      if (bad >= 0) {
        return false;
      }
      count = 0;
      return true;
    }

    long badFirst() {
      return runs[2 * (int) (bad / 4)];
    }

    long badPages() {
      return runs[2 * (int) (bad / 4) + 1];
    }
  }

  private CorruptMetadataException describe(final Owners owners) {
    final var why = StoreDevice.BadRun.values()[(int) (owners.bad % 4)];
    final long first = owners.badFirst();
    final long pages = owners.badPages();
    final String where =
        "pages "
            + pageOf(first)
            + " to "
            + (pageOf(first) + pages - 1)
            + " of blob "
            + blobOf(first);
    return new CorruptMetadataException(
        switch (why) {
          case TWO_OWNERS -> describeOwners(first, pages);
          case NO_SUCH_BLOB ->
              where + " are in use, but there is no such blob: " + users(first, pages);
          case OUT_OF_RANGE -> where + " are in use, but not in the blob: " + users(first, pages);
          case DAMAGED_BLOB ->
              where + " are in use, but the blob is damaged: " + users(first, pages);
        });
  }

  /** A second scan finds both owners of a page. */
  private String describeOwners(final long first, final long pages) {
    final Map<Long, String> seen = new HashMap<>();
    final String[] answer = {"a page has two owners"};
    scan(
        first,
        pages,
        (location, owner) -> {
          final String other = seen.putIfAbsent(location, owner);
          if (other != null) {
            answer[0] =
                "page "
                    + pageOf(location)
                    + " of blob "
                    + blobOf(location)
                    + " belongs to both "
                    + other
                    + " and "
                    + owner;
          }
          return other == null;
        });
    return answer[0];
  }

  private String users(final long first, final long pages) {
    final String[] answer = {"nobody"};
    scan(
        first,
        pages,
        (location, owner) -> {
          answer[0] = owner;
          return false;
        });
    return answer[0];
  }

  private interface Visitor {
    boolean visit(long location, String owner);
  }

  private void scan(final long first, final long pages, final Visitor visitor) {
    // The run that was refused may overlap others before it: every page is looked at.
    final SegmentMap map = new SegmentMap();
    try (SegmentCursor cursor = metadata.allSegments()) {
      while (cursor.next()) {
        cursor.read(map);
        for (int page = 0; page < SegmentMap.PAGES; page++) {
          final long location = map.locations[page];
          if (location != Pages.HOLE && location - first >= 0 && location - first < pages) {
            if (!visitor.visit(location, owner(cursor.key(), cursor.segment(), page))) {
              return;
            }
          }
        }
      }
    }
  }

  private static String owner(final ChunkKey key, final long segment, final int page) {
    return "page " + (segment * Pages.SEGMENT_PAGES + page) + " of chunk " + key;
  }

  private static long blobOf(final long location) {
    return location >>> Integer.SIZE;
  }

  private static long pageOf(final long location) {
    return location & 0xffff_ffffL;
  }

  // --- close -------------------------------------------------------------------------------------

  /** Saves which pages are in use, durably; nothing is under way. */
  void save() {
    device.quiesce();
    final MetadataBatch batch = new MetadataBatch();
    final List<SpaceRecord> before = metadata.getSpaces();
    for (final SpaceRecord record : before) {
      batch.deleteSpace(record.blob());
    }
    final long[] blobs = device.spaceBlobs();
    for (int i = 0; i < blobs.length; i += 2) {
      final int blob = (int) blobs[i];
      batch.putSpace(new SpaceRecord(blob, generation, blobs[i + 1], device.bitmap(blob)));
    }
    batch.putClean(generation);
    metadata.apply(batch, true);
  }
}
