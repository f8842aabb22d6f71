package org.sipproxy.server.flow;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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
        assertThat(Files.readString(file, ISO_8859_1)).contains("call-12");
    }

    @Test
    void filesOfAnEarlierTimeSurviveWhileNothingCanBeWritten(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("sip.pcap");
        RotatingPcap pcap = new RotatingPcap(file, 1, 3);
        for (int i = 1; i <= 3; i++) {
            pcap.take(Traced.received(i, Traced.options("call-" + i)));
        }

        for (int i = 4; i <= 9; i++) {
            TracedMessage message = Traced.received(i, Traced.options("call-" + i));
            Thread.currentThread().interrupt(); // the channel fails after the file is created, as on a full disk
            assertThatThrownBy(() -> pcap.take(message)).isInstanceOf(IOException.class);
            assertThat(Thread.interrupted()).isTrue();
        }
        pcap.take(Traced.received(10, Traced.options("call-10")));
        pcap.close();

        assertThat(Files.readString(directory.resolve("sip.pcap.2"), ISO_8859_1))
                .contains("call-2");
        assertThat(Files.readString(directory.resolve("sip.pcap.1"), ISO_8859_1))
                .contains("call-3");
        assertThat(Files.readString(file, ISO_8859_1)).contains("call-10");
    }

    @Test
    void preparedFileIsReplacedByAPrivateOne(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("sip.pcap");
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--")));
        RotatingPcap pcap = new RotatingPcap(file, 1_000, 1);

        pcap.take(Traced.received(1, Traced.options("c1")));
        pcap.close();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void failureLosesTheMessageAndTheNextOneIsTriedAgain(@TempDir Path directory) throws IOException {
        Path later = directory.resolve("later");
        RotatingPcap pcap = new RotatingPcap(later.resolve("sip.pcap"), 1_000, 2);

        assertThatThrownBy(() -> pcap.take(Traced.received(1, Traced.options("c1"))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("sip.pcap");
        Files.createDirectory(later);
        pcap.take(Traced.received(2, Traced.options("c2")));
        pcap.close();

        assertThat(later.resolve("sip.pcap")).isNotEmptyFile();
    }
}
