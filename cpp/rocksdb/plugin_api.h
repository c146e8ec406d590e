// The border between the core and the RocksDB plug-in, in plain C types.
//
// RocksDB's classes can only be derived from by code that was compiled as RocksDB was: against the
// same headers and with the same std::string, of which libstdc++ has two. The plug-in is that code
// and nothing else. The core is compiled once, with the std::string of its own choice, and hands
// the plug-in the table below; no type of the standard library crosses, and no exception (neither
// side is compiled with them). So there is one core and one runtime in the process, in
// libashlar_jni.so inside a JVM and in the preload library under RocksDB's own tools, and a plug-in
// links neither the core nor librocksdb: what it needs of RocksDB it finds in the process.
//
// Functions that can fail return the number of a StatusCode (0: done) and then describe the failure
// in `error`. Every function may be called from any thread but a reactor's; the calls on one writer
// must not overlap, except for size and sync. A writer, reader or lock keeps its mount open and is
// given up by its close call, exactly once.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ashlar::rocks {

// Raised with every change of this file.
inline constexpr uint32_t kPluginApiVersion = 2;

// What a mounted BlobFS and what is open in it look like from the other side.
struct Mount;
struct Writer;
struct Reader;
struct Lock;

// Not terminated by a NUL.
struct Text {
  const char* data;
  size_t size;
};

// Made for each call, so success costs no more than its code.
struct Error {
  int32_t code = 0;       // as returned
  int32_t sys_errno = 0;  // 0: none
  char text[512];         // if there is a code: a sentence, terminated, cut if it is longer
};

enum class WriteMode : int32_t {
  kReplace = 0,  // a new file; one that has the name goes
  kAppend = 1,   // the file as it is, or a new one
};

enum class ReadPattern : int32_t {
  kRandom = 0,
  kSequential = 1,  // from the beginning to the end, by one thread: reads ahead
};

struct ReadPart {
  uint64_t offset_bytes = 0;
  size_t length_bytes = 0;
  char* into = nullptr;
  size_t got_bytes = 0;  // out; fewer only at the end of the file
  Error error;           // out; code 0: read
};

struct FileFacts {
  uint64_t size_bytes;  // what was appended to an open file counts
  uint64_t modified_seconds;
  int32_t is_folder;
};

struct SpaceFacts {
  uint64_t total_bytes;
  uint64_t free_bytes;
};

// Called for each child of a folder; `name` has no slash and is valid during the call.
using Visitor = void (*)(void* context, Text name, const FileFacts* facts);

struct CoreApi {
  uint32_t version;  // kPluginApiVersion

  // Writing. `sync` makes all appended bytes and the length durable; `flush` hands the bytes to the
  // device. After a failure every later sync of the writer fails.
  int32_t (*open_writer)(Mount* mount, Text path, WriteMode mode, Writer** writer, Error* error);
  int32_t (*append)(Writer* writer, const char* data, size_t size, Error* error);
  int32_t (*flush)(Writer* writer, Error* error);
  int32_t (*sync)(Writer* writer, Error* error);
  int32_t (*truncate)(Writer* writer, uint64_t size_bytes, Error* error);
  int32_t (*reserve)(Writer* writer, uint64_t size_bytes, Error* error);
  uint64_t (*writer_size)(const Writer* writer);
  int32_t (*close_writer)(Writer* writer, Error* error);

  // Reading, of kRandom by several threads at once.
  int32_t (*open_reader)(Mount* mount, Text path, ReadPattern pattern, Reader** reader,
                         Error* error);
  int32_t (*read)(const Reader* reader, ReadPart* part);
  // All parts are in flight together. Each part has its own result.
  void (*read_many)(const Reader* reader, ReadPart* parts, size_t count);
  void (*close_reader)(Reader* reader);

  // Names.
  int32_t (*facts)(Mount* mount, Text path, FileFacts* facts, Error* error);
  int32_t (*list)(Mount* mount, Text folder, Visitor visitor, void* context, Error* error);
  int32_t (*rename)(Mount* mount, Text from, Text to, Error* error);
  int32_t (*remove_file)(Mount* mount, Text path, Error* error);
  int32_t (*make_folder)(Mount* mount, Text path, Error* error);
  int32_t (*remove_folder)(Mount* mount, Text path, Error* error);
  int32_t (*truncate_file)(Mount* mount, Text path, uint64_t size_bytes, Error* error);
  // Every change of names made before is durable.
  int32_t (*sync_names)(Mount* mount, Error* error);

  // Busy: held. The name exists from then on, as an empty file if there was none.
  int32_t (*lock)(Mount* mount, Text path, Lock** lock, Error* error);
  void (*unlock)(Lock* lock);

  int32_t (*space)(Mount* mount, SpaceFacts* facts, Error* error);

  // Gives the one way to write a path: absolute, without empty parts, "." and "..".
  int32_t (*absolute_path)(Text path, void (*give)(void* into, Text absolute), void* into,
                           Error* error);
};

// What a plug-in was compiled for.
struct PluginFacts {
  uint32_t api_version;
  int32_t rocksdb_major;
  int32_t rocksdb_minor;
  int32_t rocksdb_patch;
};

// The two functions that a plug-in exports, with C linkage.
inline constexpr const char* kPluginFactsSymbol = "ashlar_rocksdb_plugin_facts";
inline constexpr const char* kPluginNewEnvSymbol = "ashlar_rocksdb_plugin_new_env";
using PluginFactsFunction = const PluginFacts* (*)();
// A rocksdb::Env* whose files are those of `mount`. It stays valid for ever, because RocksDB copies
// pointers to its Env into every set of options; the mount may be closed.
using PluginNewEnvFunction = void* (*)(const CoreApi* core, Mount* mount);

}  // namespace ashlar::rocks
