package org.sipproxy.server.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RotatingPcapTest {

    @Test
    void filesAreBoundedInSizeAndNumber(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("sip.pcap");
        Files.writeString(file, "of an earlier run");
        RotatingPcap pcap = new RotatingPcap(file, 1_000, 3);

        for (int i = 1; i <= 12; i++) {
            pcap.take(Traced.received(i, Traced.options("call-" + i)));
        }
        pcap.close();

        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(one -> one.getFileName().toString()))
                    .containsExactlyInAnyOrder("sip.pcap", "sip.pcap.1", "sip.pcap.2");
        }
        for (String name : List.of("sip.pcap", "sip.pcap.1", "sip.pcap.2")) {
            assertThat(Files.size(directory.resolve(name))).isLessThan(1_400);
            assertThat(Files.readAllBytes(directory.resolve(name))).startsWith(0xd4, 0xc3, 0xb2, 0xa1);
        }
        assertThat(Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1))
                .contains("call-12");
    }

    @Test
    void failureLosesTheMessageAndTheNextOneIsTriedAgain(@TempDir Path directory) throws IOException {
        Path later = directory.resolve("later");
        RotatingPcap pcap = new RotatingPcap(later.resolve("sip.pcap"), 1_000, 2);

        org.assertj.core.api.Assertions.assertThatThrownBy(() -> pcap.take(Traced.received(1, Traced.options("c1"))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("sip.pcap");
        Files.createDirectory(later);
        pcap.take(Traced.received(2, Traced.options("c2")));
        pcap.close();

        assertThat(later.resolve("sip.pcap")).isNotEmptyFile();
    }
}
