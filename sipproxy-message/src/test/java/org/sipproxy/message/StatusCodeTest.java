package org.sipproxy.message;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Selected phrases of the registry "Response Codes" of IANA's Session Initiation Protocol parameters. */
class StatusCodeTest {

    @ParameterizedTest
    @CsvSource({
        "199, Early Dialog Terminated",
        "204, No Notification",
        "412, Conditional Request Failed",
        "417, Unknown Resource-Priority",
        "422, Session Interval Too Small",
        "424, Bad Location Information",
        "425, Bad Alert Message",
        "428, Use Identity Header",
        "429, Provide Referrer Identity",
        "430, Flow Failed",
        "433, Anonymity Disallowed",
        "436, Bad Identity Info",
        "437, Unsupported Credential",
        "438, Invalid Identity Header",
        "440, Max-Breadth Exceeded",
        "469, Bad Info Package",
        "470, Consent Needed",
        "489, Bad Event",
        "494, Security Agreement Required",
        "504, Server Time-out",
        "555, Push Notification Service Not Supported",
        "580, Precondition Failure",
        "607, Unwanted",
        "608, Rejected"
    })
    void registeredCodeHasItsPhrase(int code, String phrase) {
        assertThat(StatusCode.reasonPhrase(code)).isEqualTo(phrase);
    }

    @ParameterizedTest
    @CsvSource({
        "188, Session Progress",
        "299, OK",
        "399, Multiple Choices",
        "499, Bad Request",
        "599, Server Internal Error"
    })
    void unregisteredCodeHasThePhraseOfItsClass(int code, String phrase) {
        assertThat(StatusCode.reasonPhrase(code)).isEqualTo(phrase);
    }
}
