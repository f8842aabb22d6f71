package org.sipproxy.hosts.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import org.sipproxy.spring.test.SipPhones;
import org.sipproxy.spring.test.SpringSipTest;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;

/** The application as its users see it: telephones, the call button, and the actuator. */
@SpringSipTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class ClickToDialTest {

    @Autowired
    SipPhones phones;

    @Autowired
    NightSwitch night;

    @LocalServerPort
    int port;

    @Test
    void theButtonConnectsTwoPhones() throws Exception {
        Phone first = phones.registered("1001");
        Phone second = phones.registered("1002");

        HttpResponse<String> dialled = http("POST", "/calls", "{\"from\":\"1001\",\"to\":\"1002\"}");
        assertThat(dialled.statusCode()).isEqualTo(202);
        String id = dialled.body().replaceAll(".*\"id\":\"([^\"]+)\".*", "$1");
        IncomingCall atFirst = first.awaitCall().ring().answer(offer -> offer.body("application/sdp", "v=0\r\n"));
        IncomingCall atSecond = second.awaitCall().ring().answer(answer -> answer.body("application/sdp", "v=0\r\n"));
        atSecond.awaitAck();
        assertThat(http("GET", "/calls", "").body()).contains(id, "\"from\":\"1001\"");

        assertThat(http("DELETE", "/calls/" + id, "").statusCode()).isEqualTo(204);
        atFirst.awaitHangUp();
        atSecond.awaitHangUp();
    }

    @Test
    void aUserWithoutAPhoneIsNotCalled() throws Exception {
        assertThat(http("POST", "/calls", "{\"from\":\"1001\",\"to\":\"1002\"}").statusCode())
                .isEqualTo(404);
    }

    @Test
    void theStageOfTheApplicationDeclinesCallsAtNight() {
        phones.registered("1001");
        night.turn(true);
        try {
            OutgoingCall call = phones.phone("1002").call("1001");
            assertThat(call.awaitFinal().statusCode()).isEqualTo(603);
        } finally {
            night.turn(false);
        }
    }

    @Test
    void theActuatorShowsTheProxy() throws Exception {
        phones.registered("1001");

        assertThat(http("GET", "/actuator/health", "").body()).contains("\"sipProxy\":", "RUNNING");
        assertThat(http("GET", "/actuator/info", "").body()).contains("\"sipproxy\":", "sip.test");
        assertThat(http("GET", "/actuator/sipproxy", "").body()).contains("\"state\":\"RUNNING\"", "udp:127.0.0.1:");
        assertThat(http("GET", "/actuator/sipproxy/bindings/1001@sip.test", "").body())
                .contains("\"contact\":\"sip:1001@127.0.0.1:");
        assertThat(http("GET", "/actuator/sipproxy/calls", "").body()).contains("\"total\":0");
        assertThat(http("GET", "/actuator/sipproxy/calls?page=0&size=5", "").body()).contains("\"size\":5");
        assertThat(http("GET", "/actuator/sipproxy/calls?size=5000", "").statusCode()).isEqualTo(400);
        assertThat(http("GET", "/actuator/sipproxy/passwords", "").statusCode()).isEqualTo(404);
        assertThat(http("GET", "/actuator/metrics/sip.proxy.bindings", "").body()).contains("\"value\":1");
    }

    private HttpResponse<String> http(String method, String path, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }
}
