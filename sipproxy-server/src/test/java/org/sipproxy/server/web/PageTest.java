package org.sipproxy.server.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.gateway.Dispatcher;
import org.sipproxy.gateway.GatewaySet;
import org.sipproxy.message.SipUri;
import org.sipproxy.server.flow.WireListeners;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;

/** The page's files and data over HTTP. */
@Timeout(60)
class PageTest {

    private static final Map<String, String> FILES = Map.of(
            "/", "text/html",
            "/page.css", "text/css",
            "/page.js", "text/javascript",
            "/ladder.js", "text/javascript",
            "/view.js", "text/javascript",
            "/icon.svg", "image/svg+xml");

    private static final List<String> DATA = List.of(
            "/api/status",
            "/api/softphone",
            "/api/registrations",
            "/api/calls",
            "/api/gateways",
            "/api/messages?viewer=a");

    private static JsonObject json(ServedPage page, String path, String... headers) throws Exception {
        HttpResponse<String> response = page.get(path, headers);
        assertThat(response.statusCode()).as(path + ": " + response.body()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json; charset=utf-8");
        assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
        return JsonParser.parseString(response.body()).getAsJsonObject();
    }

    private static List<String> texts(JsonArray rows, String name) {
        return StreamSupport.stream(rows.spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .map(row -> row.has(name) ? row.get(name).getAsString() : "-")
                .toList();
    }

    // ---- files and access

    @Test
    void filesRunNothingThatIsNotAFileOfThisServer() throws Exception {
        try (ServedPage page = ServedPage.open()) {
            for (Map.Entry<String, String> file : FILES.entrySet()) {
                HttpResponse<String> response = page.get(file.getKey());
                assertThat(response.statusCode()).as(file.getKey()).isEqualTo(200);
                assertThat(response.headers().firstValue("Content-Type")).hasValue(file.getValue() + "; charset=utf-8");
                assertThat(response.headers().firstValue("Content-Security-Policy"))
                        .hasValue("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
                                + " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
                assertThat(response.headers().firstValue("Referrer-Policy")).hasValue("no-referrer");
                assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-store");
                assertThat(response.body().replace("http://www.w3.org/2000/svg", ""))
                        .as(file.getKey())
                        .doesNotContainPattern(
                                "innerHTML|outerHTML|insertAdjacent|document\\.write|eval\\(|Function\\(")
                        .doesNotContainPattern("https?://|<style|<script>|\\son[a-z]+=|\\sstyle=");
            }
        }
    }

    @Test
    void withATokenTheFilesAreOpenAndTheDataIsNot() throws Exception {
        try (ServedPage page = new ServedPage(true, Softphone.KNOWN, builder -> {})) {
            for (String file : FILES.keySet()) {
                assertThat(page.get(file).statusCode()).as(file).isEqualTo(200);
            }
            for (String path : DATA) {
                assertThat(page.get(path).statusCode()).as(path).isEqualTo(401);
                assertThat(page.get(path, "Authorization", "Bearer " + ServedPage.TOKEN.replace('0', '1'))
                                .statusCode())
                        .isEqualTo(401);
                json(page, path, "Authorization", "Bearer " + ServedPage.TOKEN);
            }
            assertThat(page.get("/metrics").statusCode()).isEqualTo(401);
            assertThat(page.get("/health").statusCode()).isEqualTo(401);
        }
    }

    /** That page could not read it, but would start a recording. */
    @Test
    void dataIsRefusedToPagesOfOtherSites() throws Exception {
        try (ServedPage page = ServedPage.open()) {
            for (String site : List.of("cross-site", "same-site", "")) {
                assertThat(page.get("/api/messages?viewer=a", "Sec-Fetch-Site", site)
                                .statusCode())
                        .as(site)
                        .isEqualTo(403);
            }
            assertThat(WireListeners.of(page.proxy)).isZero();
            json(page, "/api/status", "Sec-Fetch-Site", "same-origin");
            json(page, "/api/status", "Sec-Fetch-Site", "none"); // typed by the user
            assertThat(page.get("/", "Sec-Fetch-Site", "cross-site").statusCode())
                    .isEqualTo(200); // a link
        }
    }

    @Test
    void wrongParametersAreRefused() throws Exception {
        try (ServedPage page = ServedPage.open()) {
            for (String query :
                    List.of("after=-1", "after=x", "after=1234567890123456789", "user=" + "x".repeat(257))) {
                HttpResponse<String> response = page.get("/api/messages?" + query);
                assertThat(response.statusCode()).as(query).isEqualTo(400);
                assertThat(response.body()).contains("\"error\":\"" + query.replaceAll("=.*", "") + ": ");
            }
            assertThat(WireListeners.of(page.proxy)).isZero();
        }
    }

    // ---- data

    @Test
    void registrationsAreListedAndFoundByAPartOfTheUser() throws Exception {
        try (ServedPage page = ServedPage.open();
                Phone one = page.phone("1001");
                Phone other = page.phone("1002")) {
            one.register();
            other.register();
            JsonObject found = json(page, "/api/registrations?filter=002%40SIP");
            assertThat(texts(found.getAsJsonArray("bindings"), "aor")).containsExactly("sip:1002@sip.test");
            assertThat(texts(found.getAsJsonArray("bindings"), "flow"))
                    .containsExactly("udp:127.0.0.1:" + other.localAddress().getPort());
            assertThat(texts(json(page, "/api/registrations").getAsJsonArray("bindings"), "aor"))
                    .containsExactly("sip:1001@sip.test", "sip:1002@sip.test");
            assertThat(json(page, "/api/registrations?filter=1003").get("total").getAsInt())
                    .isZero();
        }
    }

    @Test
    void longListIsCutAndCounted() throws Exception {
        try (ServedPage page = ServedPage.open()) {
            Binding binding = Binding.builder("1", SipUri.of("sip:x@192.0.2.1"))
                    .granted(System.currentTimeMillis(), Duration.ofHours(1))
                    .build();
            for (int i = 0; i < 205; i++) {
                page.proxy.locationStore().update(new Aor("u" + (1_000 + i), "sip.test"), current -> List.of(binding));
            }
            JsonObject shown = json(page, "/api/registrations");
            assertThat(shown.get("total").getAsInt()).isEqualTo(205);
            assertThat(texts(shown.getAsJsonArray("bindings"), "aor"))
                    .hasSize(200)
                    .startsWith("sip:u1000@sip.test")
                    .endsWith("sip:u1199@sip.test");
        }
    }

    @Test
    void callsAndFiguresAreThoseOfTheCommands() throws Exception {
        try (ServedPage page = ServedPage.open();
                Phone caller = page.phone("1001");
                Phone callee = page.phone("1002")) {
            callee.register();
            OutgoingCall call = caller.call("1002");
            callee.awaitCall().answer();
            call.awaitAnswer();
            await().untilAsserted(() -> {
                JsonObject calls = json(page, "/api/calls");
                assertThat(calls.get("total").getAsInt()).isOne();
                JsonObject shown = calls.getAsJsonArray("calls").get(0).getAsJsonObject();
                assertThat(shown.get("from").getAsString()).isEqualTo("sip:1001@sip.test");
                assertThat(shown.get("state").getAsString()).isEqualTo("answered");
            });
            caller.call("1003").awaitStatus(404);
            await().untilAsserted(() -> {
                JsonObject figures = json(page, "/api/status").getAsJsonObject("figures");
                assertThat(figures.getAsJsonObject("refusals").keySet()).contains("404 no such user");
                JsonObject responses = figures.getAsJsonObject("finalResponses");
                assertThat(responses.get("2xx").getAsInt()).isEqualTo(2); // REGISTER, INVITE
                assertThat(responses.get("4xx").getAsInt())
                        .isEqualTo(4); // 401, 407, and 407 and 404 of the second call
                assertThat(responses.get("5xx").getAsInt()).isZero();
            });
        }
    }

    @Test
    void gatewaysAreListed() throws Exception {
        Dispatcher dispatcher = Dispatcher.builder()
                .set(GatewaySet.named("media").member("sip:127.0.0.1:9").build())
                .fallback("media")
                .build();
        try (ServedPage page = new ServedPage(false, Softphone.KNOWN, builder -> builder.component(dispatcher))) {
            page.components.add(dispatcher);
            JsonArray gateways = json(page, "/api/gateways").getAsJsonArray("gateways");
            assertThat(texts(gateways, "set")).containsExactly("media");
            assertThat(texts(gateways, "uri")).containsExactly("sip:127.0.0.1:9");
        }
    }

    @Test
    void softphoneHasAPasswordOnlyIfOneIsGiven() throws Exception {
        try (ServedPage page = ServedPage.open()) {
            assertThat(json(page, "/api/softphone").keySet()).containsExactly("answering");
        }
        Softphone demo = new Softphone(Optional.of("1003"), Optional.of("test1003"), List.of("1001"));
        try (ServedPage page = new ServedPage(false, demo, builder -> {})) {
            assertThat(json(page, "/api/softphone").get("password").getAsString())
                    .isEqualTo("test1003");
        }
    }

    // ---- messages

    @Test
    void messagesAreRecordedOnceSomeonePollsAndNoLongerThanTheServerRuns() throws Exception {
        try (ServedPage page = ServedPage.open();
                Phone phone = page.phone("1001")) {
            assertThat(WireListeners.of(page.proxy)).isZero();
            json(page, "/api/status");
            assertThat(WireListeners.of(page.proxy)).isZero();
            json(page, "/api/messages?viewer=a");
            json(page, "/api/messages?viewer=b");
            assertThat(WireListeners.of(page.proxy)).isOne();
            phone.register();

            JsonObject polled = json(page, "/api/messages?viewer=a&user=1001");
            assertThat(texts(polled.getAsJsonArray("messages"), "status")).containsExactly("-", "401", "-", "200");
            assertThat(texts(polled.getAsJsonArray("messages"), "direction"))
                    .containsExactly("received", "sent", "received", "sent");
            String registered = texts(polled.getAsJsonArray("messages"), "text").get(2);
            assertThat(registered)
                    .contains("Authorization: Digest username=\"1001\"")
                    .doesNotContainPattern("response=\"[0-9a-f]");
            String next = "/api/messages?viewer=a&recording="
                    + polled.get("recording").getAsString() + "&after="
                    + polled.get("last").getAsLong();
            assertThat(json(page, next).getAsJsonArray("messages")).isEmpty();

            page.server.stop();
            assertThat(WireListeners.of(page.proxy)).isZero();
        }
    }

    @Test
    void viewersAreLimited() throws Exception {
        try (ServedPage page = ServedPage.open()) {
            for (int i = 0; i < 8; i++) {
                json(page, "/api/messages?viewer=" + i);
            }
            HttpResponse<String> refused = page.get("/api/messages?viewer=8");
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.body()).contains("8 viewers watch the messages already");
            json(page, "/api/messages?viewer=7");
        }
    }

    @Test
    void hostileMessageArrivesAsText() throws Exception {
        try (ServedPage page = ServedPage.open()) {
            json(page, "/api/messages?viewer=a");
            Hostile.send(page.sipPort(), "c1");

            JsonArray messages = json(page, "/api/messages?viewer=a").getAsJsonArray("messages");
            String text = new String(
                    texts(messages, "text").get(0).getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
            assertThat(text)
                    .contains("User-Agent: " + Hostile.SCRIPT + "\u202e\u001b[2J\u0007\ufffd")
                    .contains("x".repeat(4_000));
        }
    }
}
