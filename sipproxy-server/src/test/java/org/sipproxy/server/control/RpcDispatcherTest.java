package org.sipproxy.server.control;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RpcDispatcherTest {

    private final ControlMethods methods = new ControlMethods();
    private final RpcDispatcher dispatcher = new RpcDispatcher(methods);

    record Sum(int sum) {}

    RpcDispatcherTest() {
        methods.register(
                "add", params -> new Sum(params.only("a", "b").integer("a", 0, 0, 99) + params.integer("b", 1, 0, 99)));
        methods.register("break", params -> {
            throw new IllegalStateException("broken");
        });
        methods.register("refuse", params -> {
            throw new ControlException(ControlException.Kind.NOT_FOUND, "no such user", "register it");
        });
        methods.register("nothing", params -> null);
        methods.register("watch", params -> (ControlStream) sink -> () -> {});
    }

    private String run(String line) {
        return dispatcher.run(line).response().map(Object::toString).orElse("");
    }

    private static String request(String method, String more) {
        return "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"" + method + "\"" + more + "}";
    }

    @Test
    void resultsAndErrorsCarryTheIdOfTheRequest() {
        assertThat(run(request("add", ",\"params\":{\"a\":3}")))
                .isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"sum\":4}}");
        assertThat(run(request("nothing", ""))).isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":null}");
        assertThat(run(request("refuse", "")))
                .isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32001,\"message\":\"no such user\","
                        + "\"data\":{\"remedy\":\"register it\"}}}");
        assertThat(run(request("methods", ""))).contains("\"add\",\"break\",\"methods\"");
    }

    @Test
    void errorsHaveTheCodesOfJsonRpc() {
        assertThat(run("{\"jsonrpc\"")).contains("\"id\":null").contains("-32700");
        assertThat(run("\u0000\u0001GET / HTTP/1.1")).contains("-32700");
        assertThat(run("[]")).contains("\"id\":null").contains("-32600");
        assertThat(run("1")).contains("-32600");
        assertThat(run("{\"id\":7,\"method\":\"add\"}")).contains("\"id\":7").contains("-32600");
        assertThat(run("{\"jsonrpc\":\"2.0\",\"id\":7}")).contains("-32600");
        assertThat(run("{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"add\"}")).contains("-32600");
        assertThat(run(request("subtract", ""))).contains("-32601").contains("unknown method \\\"subtract\\\"");
        assertThat(run(request("add", ",\"params\":[1]"))).contains("-32602");
        assertThat(run(request("add", ",\"params\":{\"a\":\"x\"}")))
                .contains("-32602")
                .contains("from 0 to 99");
        assertThat(run(request("add", ",\"params\":{\"a\":1e99}"))).contains("-32602");
        assertThat(run(request("add", ",\"params\":{\"c\":1}")))
                .contains("-32602")
                .contains("unknown parameter \\\"c\\\"")
                .contains("expected a, b");
        assertThat(run(request("break", ""))).contains("-32603").contains("broken");
    }

    @Test
    void notificationsGetNoResponseAndBatchesGetOneLine() {
        assertThat(run("{\"jsonrpc\":\"2.0\",\"method\":\"add\"}")).isEmpty();
        assertThat(run("{\"jsonrpc\":\"2.0\",\"method\":\"break\"}")).isEmpty();
        assertThat(run("[" + request("add", "") + ",{\"jsonrpc\":\"2.0\",\"method\":\"add\"},5]"))
                .startsWith("[{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"sum\":1}},")
                .contains("-32600");
        assertThat(run("[{\"jsonrpc\":\"2.0\",\"method\":\"add\"}]")).isEmpty();
    }

    @Test
    void aStreamNeedsARequestOfItsOwn() {
        assertThat(dispatcher.run(request("watch", "")).opening()).isPresent();
        assertThat(run(request("watch", ""))).contains("\"result\":{\"stream\":true}");
        assertThat(run("[" + request("watch", "") + "]")).contains("-32600");
        assertThat(dispatcher.run("{\"jsonrpc\":\"2.0\",\"method\":\"watch\"}").opening())
                .isEmpty();
    }
}
