#include "cpp/device/spdk/rpc.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "cpp/device/spdk/compat.h"
#include "cpp/device/spdk/json.h"

namespace ashlar::spdk {

namespace {

constexpr int kPollMs = 100;

struct Close {
  void operator()(spdk_jsonrpc_client* client) const { spdk_jsonrpc_client_close(client); }
  void operator()(spdk_jsonrpc_client_response* response) const {
    spdk_jsonrpc_client_free_response(response);
  }
};
using Client = std::unique_ptr<spdk_jsonrpc_client, Close>;
using Response = std::unique_ptr<spdk_jsonrpc_client_response, Close>;

// Short, whatever the folder's own path, and good for as long as the descriptor is open.
std::string PathOf(const UniqueFd& fd) { return "/proc/self/fd/" + std::to_string(fd.get()); }

Status Broken(const std::string& method, int failure) {
  return Status::FromErrno(-failure, "SPDK did not answer " + method);
}

Status Send(spdk_jsonrpc_client* client, const std::string& method, const std::string& params) {
  spdk_jsonrpc_client_request* request = spdk_jsonrpc_client_create_request();
  if (request == nullptr) return Status::OutOfMemory("a call of " + method);
  spdk_json_write_ctx* writer = spdk_jsonrpc_begin_request(request, 1, method.c_str());
  if (writer == nullptr) {
    spdk_jsonrpc_client_free_request(request);
    return Status::OutOfMemory("a call of " + method);
  }
  if (!params.empty()) {
    spdk_json_write_name(writer, "params");
    spdk_json_write_val_raw(writer, params.data(), params.size());
  }
  spdk_jsonrpc_end_request(request, writer);
  const int failure = spdk_jsonrpc_client_send_request(client, request);
  return failure == 0 ? Status::Ok() : Broken(method, failure);
}

Result<Response> Receive(spdk_jsonrpc_client* client, const std::string& method) {
  while (true) {
    const int polled = spdk_jsonrpc_client_poll(client, kPollMs);
    if (polled < 0) return Broken(method, polled);
    if (polled > 0) return Response(spdk_jsonrpc_client_get_response(client));
  }
}

SpdkReply ToReply(const spdk_jsonrpc_client_response& response) {
  if (response.error == nullptr) {
    return {0, response.result == nullptr ? "null" : JsonText(response.result)};
  }
  SpdkReply reply{-1, {}};
  const spdk_json_val* code = JsonMember(response.error, "code", SPDK_JSON_VAL_NUMBER);
  if (code != nullptr) spdk_json_number_to_int32(code, &reply.error_code);
  if (reply.error_code == 0) reply.error_code = -1;
  const spdk_json_val* message = JsonMember(response.error, "message", SPDK_JSON_VAL_STRING);
  if (message != nullptr) reply.text = JsonString(message);
  return reply;
}

Status CheckParams(const std::string& method, const std::string& params) {
  if (params.empty()) return Status::Ok();
  Result<Json> parsed = Json::Parse(params, "params of " + method);
  if (!parsed.ok()) return parsed.status();
  const spdk_json_val_type type = parsed->root()->type;
  if (type == SPDK_JSON_VAL_OBJECT_BEGIN || type == SPDK_JSON_VAL_ARRAY_BEGIN) return Status::Ok();
  return Status::InvalidArgument("params of " + method + " is neither an object nor an array");
}

}  // namespace

struct Rpc::Server : RpcServer {};

Rpc::Rpc(AppThread& app) : app_(app) {}

Result<std::unique_ptr<Rpc>> Rpc::Open(AppThread& app) {
  std::unique_ptr<Rpc> rpc(new Rpc(app));
  ASHLAR_RETURN_IF_ERROR(rpc->Listen());
  return rpc;
}

Status Rpc::Listen() {
  const char* parent = std::getenv("TMPDIR");
  std::string folder = std::string(parent == nullptr ? "/tmp" : parent) + "/ashlar-spdk-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {  // 0700
    return Status::FromErrno(
        errno, "folder " + folder + " for SPDK's socket; set TMPDIR to one that is writable");
  }
  folder_ = UniqueFd(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const std::string socket = PathOf(folder_) + "/rpc.sock";
  int failure = folder_.valid() ? 0 : -errno;
  if (failure == 0) {
    app_.Run([&] {
      auto server = std::make_unique<Server>();
      if (!spdk_rpc_verify_methods() || !server->Listen(socket.c_str())) return;
      server_ = std::move(server);
      app_.SetService([this] { server_->Poll(); });
    });
    if (server_ == nullptr) failure = -EINVAL;
  }
  if (failure == 0) {
    socket_ = UniqueFd(open(socket.c_str(), O_PATH | O_CLOEXEC));
    if (!socket_.valid()) failure = -errno;
  }
  unlink((folder + "/rpc.sock").c_str());
  unlink((folder + "/rpc.sock.lock").c_str());
  rmdir(folder.c_str());
  return failure == 0 ? Status::Ok() : Status::FromErrno(-failure, "SPDK's socket in " + folder);
}

Rpc::~Rpc() {
  if (server_ == nullptr) return;
  app_.Run([this] {
    app_.SetService(nullptr);
    server_->Close();
  });
}

Result<SpdkReply> Rpc::Call(const std::string& method, const std::string& params) {
  ASHLAR_RETURN_IF_ERROR(CheckParams(method, params));
  const AppThread::Attention attention(app_);
  const Client client(spdk_jsonrpc_client_connect(PathOf(socket_).c_str(), AF_UNIX));
  if (client == nullptr) return Broken(method, -errno);
  ASHLAR_RETURN_IF_ERROR(Send(client.get(), method, params));
  Result<Response> response = Receive(client.get(), method);
  if (!response.ok()) return response.status();
  if (*response == nullptr) return Broken(method, -EIO);
  return ToReply(**response);
}

}  // namespace ashlar::spdk
