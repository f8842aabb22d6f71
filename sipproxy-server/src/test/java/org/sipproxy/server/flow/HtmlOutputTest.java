package org.sipproxy.server.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HtmlOutputTest {

    private final HtmlOutput html = new HtmlOutput(Path.of("unused"), "trace of <b>1001</b>", ZoneOffset.UTC);

    @Test
    void arrowsLeadToTheirMessagesAndRetransmissionsAreFolded() {
        html.add(Traced.received(1, Traced.options("c1")));
        html.add(Traced.received(501, Traced.options("c1")));
        html.add(Traced.sent(502, 40_001, Traced.message("SIP/2.0 200 OK", "c1", "OPTIONS", "z9hG4bK1")));

        String page = html.page();

        assertThat(page)
                .contains("2 messages", "OPTIONS ×2", "Retransmitted after 500 ms.", "192.0.2.7:40001", "12:00:00.124")
                .doesNotContain("<script", "src=", "http://192", "https:");
        assertThat(found(page, "<a href=\"#(m[0-9]+)\" aria-label")).containsExactlyInAnyOrder("m1", "m502");
        assertThat(found(page, "<article id=\"(m[0-9]+)\"")).containsExactlyInAnyOrder("m1", "m502");
    }

    private static Set<String> found(String page, String pattern) {
        return Pattern.compile(pattern)
                .matcher(page)
                .results()
                .map((MatchResult result) -> result.group(1))
                .collect(Collectors.toSet());
    }

    @Test
    void textOfAMessageCannotBecomeMarkup() {
        html.add(Traced.received(
                1,
                Traced.message(
                        "OPTIONS sip:a@b SIP/2.0", "\"><script>alert(1)</script>", "OPTIONS", "z9hG4bK'<img src=x>")));
        html.add(Traced.received(2, "SIP/2.0 200 <i onclick=x>\r\n\r\n\u0000\u001b"));

        assertThat(html.page())
                .doesNotContain("<script", "<img", "<i ", "<b>", "\u0000", "\u001b")
                .contains("&lt;script&gt;", "trace of &lt;b&gt;1001");
    }

    @Test
    void pageIsWrittenAtTheEndAlsoWithoutMessages(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("trace.html");
        HtmlOutput empty = new HtmlOutput(file, "nothing", ZoneOffset.UTC);

        empty.close();

        assertThat(Files.readString(file)).contains("No messages.", "</html>");
    }
}
