package org.sipproxy.server.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.server.flow.WireListeners;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;

/** The page in a browser. Skipped on a machine without Chromium. */
@Timeout(180)
class PageInChromiumTest {

    private static final int MOST_TABS = 60;
    private static final String ROWS = "[...document.querySelectorAll('.ladder .label')].map(e => e.textContent)";
    private static final String FOCUSED = "document.activeElement";

    private Chromium browser;

    @BeforeEach
    void start() throws Exception {
        Optional<Path> installed = Chromium.find();
        assumeTrue(
                installed.isPresent(),
                "no Chromium on this machine: install chromium, or name a browser in the environment variable CHROMIUM");
        browser = Chromium.start(installed.get());
    }

    @AfterEach
    void stop() {
        if (browser != null) {
            browser.close();
        }
    }

    private static void eventually(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(40))
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(assertion);
    }

    private String text(String selector) {
        return browser.evaluate("document.querySelector('" + selector + "')?.innerText");
    }

    /** Opens the page, and waits until it records messages. */
    private void open(ServedPage page) {
        browser.open(page.server.url());
        eventually(() -> assertThat(text("#note-messages")).contains("No message since"));
    }

    /** Presses Tab until the expression is true of the focused element. */
    private void tabTo(String isThere) {
        for (int i = 0; i < MOST_TABS; i++) {
            browser.press("Tab", 9);
            if (browser.evaluate(isThere).equals("true")) {
                return;
            }
        }
        throw new AssertionError("not reached with Tab: " + isThere);
    }

    @Test
    void registrationIsWatchedAndReadWithTheKeyboard() throws Exception {
        try (ServedPage page = ServedPage.open();
                Phone phone = page.phone("1001")) {
            open(page);
            assertThat(text("#state")).isEqualTo("running, ready");
            assertThat(text("#facts")).contains("version 1.2.3", "domain sip.test", "udp:127.0.0.1:" + page.sipPort());
            assertThat(text("#values")).contains("sip.test", "127.0.0.1:" + page.sipPort() + " (UDP)");
            assertThat(text("#note-registrations")).isEqualTo("No phone is registered.");

            phone.register();

            eventually(() -> assertThat(browser.evaluate(ROWS)).isEqualTo("REGISTER,401 Unauthorized,REGISTER,200 OK"));
            eventually(() -> assertThat(text("#bindings tbody")).contains("1001@sip.test", "127.0.0.1:"));
            assertThat(browser.evaluate("document.getElementById('softphone').hidden"))
                    .isEqualTo("true");
            eventually(() -> assertThat(text("#news")).contains("1001@sip.test is registered"));
            eventually(() -> assertThat(text("article h3")).isEqualTo("REGISTER 1001@sip.test 200 OK"));
            assertThat(browser.evaluate("document.querySelectorAll('.ladder svg .arrow').length"))
                    .isEqualTo("4");

            tabTo("document.activeElement.className === 'skip'");
            browser.press("Enter", 13);
            tabTo("/^401 Unauthorized to 1001, 127/.test(document.activeElement.getAttribute('aria-label'))");
            assertThat(browser.evaluate("getComputedStyle(" + FOCUSED + ").outlineStyle"))
                    .isEqualTo("solid");
            assertThat(browser.evaluate(FOCUSED + ".getAttribute('aria-expanded')"))
                    .isEqualTo("false");
            browser.press("Enter", 13);
            assertThat(browser.evaluate(FOCUSED + ".getAttribute('aria-expanded')"))
                    .isEqualTo("true");
            assertThat(text(".message:not([hidden]) pre"))
                    .startsWith("SIP/2.0 401 Unauthorized\n")
                    .contains("WWW-Authenticate: Digest realm=\"sip.test\"");
            browser.press("Tab", 9);
            assertThat(browser.evaluate(FOCUSED + ".tagName")).isEqualTo("PRE"); // can be scrolled
            browser.press("Escape", 27);
            assertThat(browser.evaluate(FOCUSED + ".getAttribute('aria-expanded')"))
                    .isEqualTo("false");
            assertThat(browser.evaluate("document.querySelectorAll('.message:not([hidden])').length"))
                    .isEqualTo("0");

            phone.unregister();
            eventually(() -> assertThat(text("#news")).contains("1001@sip.test is no longer registered"));
            assertThat(browser.complaints()).isEmpty();
        }
    }

    @Test
    void callIsDrawnBetweenBothPhonesAndFiltersApply() throws Exception {
        try (ServedPage page = ServedPage.open();
                Phone caller = page.phone("1001");
                Phone callee = page.phone("1002")) {
            caller.register();
            callee.register();
            open(page);
            OutgoingCall call = caller.call("1002");
            IncomingCall called = callee.awaitCall().ring();
            eventually(() -> assertThat(text("article .outcome"))
                    .as("not the 407 that the caller has responded to")
                    .isEqualTo("180 Ringing"));
            called.answer();
            call.awaitAnswer();
            eventually(() -> assertThat(text("article .outcome")).isEqualTo("200 OK"));

            eventually(
                    () -> assertThat(text("#call-list tbody")).contains("1001@sip.test", "1002@sip.test", "answered"));
            eventually(() -> assertThat(browser.evaluate("document.querySelector('article .heads').innerText"))
                    .containsSubsequence("1001", "proxy", "1002"));
            eventually(() -> assertThat(browser.evaluate(ROWS))
                    .startsWith("INVITE,407 Proxy Authentication Required,ACK,INVITE")
                    .contains("200 OK"));
            call.hangUp();
            eventually(() -> assertThat(text("#note-calls")).isEqualTo("No call is in progress."));
            eventually(() -> assertThat(text("#responses tbody")).contains("2xx", "4xx"));
            caller.message("1999", "hello");
            eventually(() -> assertThat(text("#refusals tbody")).contains("404 no such user"));

            browser.evaluate("document.getElementById('filter').focus()");
            browser.type("1002");
            eventually(() -> assertThat(text("#bindings tbody"))
                    .contains("1002@sip.test")
                    .doesNotContain("1001@sip.test"));
            browser.evaluate("document.getElementById('user').focus()");
            browser.type("4711");
            eventually(() -> assertThat(browser.evaluate("document.querySelectorAll('article').length"))
                    .isEqualTo("0"));
            assertThat(browser.complaints()).isEmpty();
        }
    }

    @Test
    void hostileMessageIsShownAsText() throws Exception {
        try (ServedPage page = ServedPage.open()) {
            open(page);
            Hostile.send(page.sipPort(), "c1");
            eventually(() -> assertThat(browser.evaluate(ROWS)).matches("OPTIONS,\\d{3} .*"));

            browser.evaluate("document.querySelector('.ladder button').click()");

            assertThat(text(".message pre"))
                    .contains("User-Agent: " + Hostile.SCRIPT + "\\u202e\\u001b[2J\\u0007\ufffd")
                    .contains("onerror=");
            assertThat(browser.evaluate("document.title")).isEqualTo("sipproxy");
            assertThat(browser.evaluate("document.querySelectorAll('article img, article script').length"))
                    .isEqualTo("0");
            assertThat(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"))
                    .isEqualTo("true");
            assertThat(browser.complaints()).isEmpty();
        }
    }

    @Test
    void tokenIsAskedForOrTakenFromTheAddressWhereItDoesNotStay() throws Exception {
        try (ServedPage page = new ServedPage(true, Softphone.KNOWN, builder -> {})) {
            browser.open(page.server.url());
            eventually(() -> assertThat(browser.evaluate(FOCUSED + ".id")).isEqualTo("token"));
            browser.type("00");
            browser.press("Enter", 13);
            eventually(() -> assertThat(text("#refused")).isEqualTo("This is not the token of the server."));
            browser.type(ServedPage.TOKEN);
            browser.press("Enter", 13);
            eventually(() -> assertThat(text("#note-messages")).contains("No message since"));
            assertThat(browser.evaluate("document.getElementById('login').hidden"))
                    .isEqualTo("true");

            browser.evaluate("sessionStorage.clear()");
            browser.open("about:blank");
            browser.open(page.server.url() + "#token=" + ServedPage.TOKEN);
            eventually(() -> assertThat(text("#note-messages")).contains("No message since"));
            assertThat(browser.evaluate("location.href")).isEqualTo(page.server.url());
            // a request without the right token is reported as a failed resource, and nothing else is
            assertThat(browser.complaints()).allMatch(line -> line.contains("status of 401"));
        }
    }

    @Test
    void recordingEndsWithThePageAndALostServerIsReported() throws Exception {
        ServedPage page = new ServedPage(
                false, new Softphone(Optional.of("1003"), Optional.of("test1003"), List.of("1001")), builder -> {});
        try (page) {
            open(page);
            assertThat(text("#softphone")).contains("1003", "test1003", "Then call 1001");
            assertThat(WireListeners.of(page.proxy)).isOne();
            browser.open("about:blank");
            eventually(() -> assertThat(WireListeners.of(page.proxy)).isZero());
            open(page);
        }
        eventually(() -> assertThat(text("#trouble")).startsWith("The server does not respond."));
    }

    /** A reader turns to a softphone, whose window may cover the page. */
    @Test
    void messagesOfTheTimeInWhichThePageWasHiddenOrPausedAppearAfterwards() throws Exception {
        try (ServedPage page = ServedPage.open();
                Phone phone = page.phone("1001")) {
            open(page);
            hide(true);
            phone.register();
            eventually(() ->
                    assertThat(page.get("/api/messages?viewer=test").body()).contains("\"status\":200"));
            assertThat(text("#count-messages")).isEqualTo("0");
            hide(false);
            eventually(() -> assertThat(text("#count-messages")).isEqualTo("4"));

            browser.evaluate("document.getElementById('pause').click()");
            phone.unregister();
            eventually(() -> assertThat(text("#bindings tbody")).isEmpty());
            assertThat(text("#count-messages")).isEqualTo("4");
            browser.evaluate("document.getElementById('pause').click()");
            eventually(() -> assertThat(text("#count-messages")).isNotEqualTo("4"));
            assertThat(text("#ladders")).doesNotContain("Not recorded");
            assertThat(browser.complaints()).isEmpty();
        }
    }

    private void hide(boolean isHidden) {
        browser.evaluate("Object.defineProperty(document, 'hidden', {value: " + isHidden + ", configurable: true})");
        browser.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    }

    @Test
    void pageFitsANarrowWindow() throws Exception {
        try (ServedPage page = ServedPage.open();
                Phone phone = page.phone("1001")) {
            browser.look(320, 640, "dark");
            open(page);
            phone.register();
            eventually(() -> assertThat(browser.evaluate(ROWS)).endsWith("200 OK"));
            eventually(() -> assertThat(text("#bindings tbody")).contains("1001@sip.test"));
            assertThat(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"))
                    .isEqualTo("true");
            assertThat(browser.complaints()).isEmpty();
        }
    }
}
