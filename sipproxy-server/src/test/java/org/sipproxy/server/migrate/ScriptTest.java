package org.sipproxy.server.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lexer, directives and parser of a script. */
@Timeout(120)
class ScriptTest {

    @TempDir
    private Path directory;

    private final Defines defines = new Defines();

    private Script parse(String text) throws IOException {
        Path file = Files.writeString(directory.resolve("test.cfg"), text);
        return Parser.parse(new Lexer(new SourceFiles(directory), defines, new Remarks()).read(file, "test.cfg"));
    }

    @Test
    void readsParametersModulesAndBlocksWithTheirLines() throws IOException {
        Script script = parse("""
            #!KAMAILIO
            debug=2 # a comment
            /* a comment
               of two lines */ children = 4
            alias="a.test" // another
            loadmodule "tm.so"
            modparam("usrloc|registrar", "x", "one;"
                "two")
            pstn.gw_ip = "192.0.2.1" desc "gateway"
            route[A] { if (is_method("INVITE")) { exit; } else xlog("}"); return; }
            """);

        assertThat(script.parameter("debug").orElseThrow().text()).isEqualTo("2");
        assertThat(script.parameter("children").orElseThrow().place()).hasToString("test.cfg:4");
        assertThat(script.parameter("alias").orElseThrow().text()).isEqualTo("a.test");
        assertThat(script.parameter("pstn.gw_ip").orElseThrow().value()).hasSize(3);
        assertThat(script.loads("tm")).isTrue();
        assertThat(script.moduleParameter("registrar.x").orElseThrow().value()).isEqualTo("one;two");
        Script.Block block = script.block("route[A]").orElseThrow();
        assertThat(block.lines()).isEqualTo("test.cfg:10");
        assertThat(block.statements()).hasSize(2);
    }

    @Test
    void definedNamesAreReplacedInPlaceAndConditionsAreObeyed() throws IOException {
        defines.define("WITH_A", "", new Place("-A", 0));
        Script script = parse("""
            #!ifdef WITH_A
            #!define PORT 28001
            #!else
            #!define PORT 28002
            #!endif
            #!ifndef WITH_B
            #!substdef "!ADDRESS!192.0.2.7!g"
            listen=udp:ADDRESS:PORT
            #!else
            this line ( is not read
            #!endif
            #!trydef PORT 28003
            modparam("a", "b", PORT)
            modparam("a", "c", "sip:ADDRESS")
            """);

        assertThat(script.parameter("listen").orElseThrow().text()).isEqualTo("udp:192.0.2.7:28001");
        assertThat(script.moduleParameter("a.b").orElseThrow().value()).isEqualTo("28001");
        assertThat(script.moduleParameter("a.c").orElseThrow().value()).isEqualTo("sip:192.0.2.7");
    }

    @Test
    void includedFilesAreReadInPlaceAndKeepTheirLines() throws IOException {
        Files.writeString(directory.resolve("more.cfg"), "\nalias=b.test\n");
        Script script = parse("""
            include_file "more.cfg"
            import_file "missing.cfg"
            #!include_file "more.cfg"
            alias=a.test
            """);

        assertThat(script.parameters.stream().map(one -> one.place() + " " + one.text()))
                .containsExactly("more.cfg:2 b.test", "more.cfg:2 b.test", "test.cfg:4 a.test");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "debug=2\\nalias=\"a.test | test.cfg:2: the string that begins here has no closing quotation mark",
                "/* never ends | test.cfg:1: the comment that begins here has no */",
                "#!ifdef A\\ndebug=1 | test.cfg:1: the condition that begins here has no #!endif",
                "#!endif | test.cfg:1: #!endif without #!ifdef",
                "#!define A 1\\n#!define A 2 | test.cfg:2: A is defined already",
                "#!define A A B\\nx=A | test.cfg:2: A is defined by itself",
                "#!ifexp A==1\\n#!endif | test.cfg:1: #!ifexp is not evaluated here",
                "#!subst \"/a.*/b/\" | test.cfg:1: #!subst has a regular expression",
                "include_file \"none.cfg\" | test.cfg:1: the included file none.cfg does not exist",
                "include_file \"test.cfg\" | test.cfg:1: files include each other more than 10 deep",
                "modparam(\"a\", \"b\") | test.cfg:1: modparam has 2 values",
                "modparam(\"a\", \"b\", 1 | test.cfg:1: modparam has no closing parenthesis",
                "loadmodule | test.cfg:1: loadmodule has no value",
                "hello world | test.cfg:1: \"hello\" is not a parameter",
                "route[A { exit; } | test.cfg:1: the name of the block has no closing bracket",
                "route[A] { exit; | test.cfg:1: the block route[A] has no closing brace",
                "route { exit } | test.cfg:1: the statement \"exit\" has no semicolon",
                "route { if x exit; } | test.cfg:1: \"if\" has no condition",
                "route { $avp(x = 1; } | test.cfg:1: the variable $avp(x"
            })
    void errorsNameFileAndLine(String text, String expected) {
        assertThatThrownBy(() -> parse(text.replace("\\n", "\n")))
                .isInstanceOf(ImportException.class)
                .hasMessageContaining(expected);
    }

    @Test
    void severalErrorsAreReportedTogether() {
        assertThatThrownBy(() -> parse("one two\ndebug=1\nthree four\n"))
                .isInstanceOfSatisfying(
                        ImportException.class, e -> assertThat(e.problems()).hasSize(2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "if (a) ", "(", "#!ifdef A\n", "!", "\"", "$a(", "/*", "route[", "a=", "\\\n", "-A"})
    void repeatedTextEndsInBoundedTime(String part) {
        assertThatThrownBy(() -> parse("route { " + part.repeat(100_000))).isInstanceOf(ImportException.class);
        assertThatThrownBy(() -> parse(part.repeat(100_000) + "\n=")).isInstanceOf(ImportException.class);
    }

    @Test
    void definitionsThatMultiplyAreBounded() {
        StringBuilder text = new StringBuilder("#!define A0\n");
        for (int i = 1; i < 15; i++) {
            text.append("#!define A")
                    .append(i)
                    .append((" A" + (i - 1)).repeat(50))
                    .append('\n');
        }
        text.append("debug=A14\n");

        assertThatThrownBy(() -> parse(text.toString()))
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("defined names are used more than");
    }

    @Test
    void damagedConfigurationsAreReadOrRefusedWithAPlace() throws IOException {
        String manual = Resources.manual();
        Random random = new Random(1);
        for (int i = 0; i < 500; i++) {
            StringBuilder damaged = new StringBuilder(manual);
            for (int change = 0; change < 3; change++) {
                int at = random.nextInt(damaged.length());
                if (random.nextBoolean()) {
                    damaged.deleteCharAt(at);
                } else {
                    damaged.setCharAt(at, "{}()[];\"'#!$/*\\=\n".charAt(random.nextInt(17)));
                }
            }
            Path file = Files.writeString(directory.resolve("test.cfg"), damaged);
            try {
                KamailioImport.read(file, java.util.Optional.empty(), List.of(), "sip.test")
                        .configuration();
            } catch (ImportException e) {
                assertThat(e.problems()).allMatch(problem -> problem.matches("(?s)(test\\.cfg|-A).*: .+"));
            }
        }
    }

    @Test
    void filesThatAreNotTextAreRefused() {
        assertThatThrownBy(() -> parse("debug=\0"))
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("NUL bytes");
        assertThatThrownBy(() -> parse("#".repeat(SourceFiles.MOST_BYTES + 1)))
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("is larger than");
    }
}
