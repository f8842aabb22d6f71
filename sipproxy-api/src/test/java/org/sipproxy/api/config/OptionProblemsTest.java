package org.sipproxy.api.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionProblemsTest {

    private final OptionProblems problems = new OptionProblems("digest");

    @Test
    void withoutProblemsNothingIsThrown() {
        problems.once("realm");
        problems.range("nonceCapacity", 1_024, 1_024, 2_000);
        problems.range("nonceLifetime", Duration.ofDays(1), Duration.ofSeconds(1), Duration.ofDays(1));

        assertThat(problems.isEmpty()).isTrue();
        assertThatCode(problems::throwIfAny).doesNotThrowAnyException();
    }

    @Test
    void allProblemsAreReportedInTheirOrder() {
        problems.once("realm");
        problems.once("realm");
        problems.range("nonceCapacity", 1, 1_024, 16_777_216);
        problems.range("nonceLifetime", Duration.ofDays(2), Duration.ofSeconds(1), Duration.ofHours(24));
        problems.add("credentials", "", "missing", "use a store");

        ConfigurationException thrown = catchThrowableOfType(ConfigurationException.class, problems::throwIfAny);

        assertThat(thrown).isInstanceOf(IllegalArgumentException.class).hasMessage("""
                        digest: realm: given twice; give it once
                        digest: nonceCapacity: 1 (expected 1,024 to 16,777,216)
                        digest: nonceLifetime: 2d (expected 1s to 24h)
                        digest: credentials: missing; use a store""");
        ConfigurationProblem second = thrown.problems().get(1);
        assertThat(second.component()).isEqualTo("digest");
        assertThat(second.option()).isEqualTo("nonceCapacity");
        assertThat(second.value()).isEqualTo("1");
        assertThat(second.reason()).isEqualTo("expected 1,024 to 16,777,216");
        assertThat(second.remedy()).isEmpty();
    }

    @Test
    void aCopyDoesNotChangeItsOriginal() {
        problems.once("realm");
        OptionProblems copy = problems.copy();
        copy.once("realm");
        copy.once("secret");

        assertThat(copy.isEmpty()).isFalse();
        assertThat(copy.isGiven("realm")).isTrue();
        assertThat(problems.isEmpty()).isTrue();
        assertThat(problems.isGiven("secret")).isFalse();
    }

    @Test
    void namesOfOptionsAreReplaced() {
        ConfigurationProblem problem = new ConfigurationProblem(
                "", "minExpires", "2h", "is above {maxExpires} 1h", "lower {minExpires} or raise {maxExpires}");

        assertThat(problem.text())
                .isEqualTo("minExpires: 2h is above maxExpires 1h; lower minExpires or raise maxExpires")
                .isEqualTo(problem.toString());
        assertThat(problem.reason()).isEqualTo("is above maxExpires 1h");
        assertThat(problem.remedy()).isEqualTo("lower minExpires or raise maxExpires");
        assertThat(problem.text(name -> "--" + name.replace("Expires", "-expires")))
                .isEqualTo("--min-expires: 2h is above --max-expires 1h; lower --min-expires or raise --max-expires");
    }

    @Test
    void aValueIsPrintedAsItIs() {
        ConfigurationProblem problem = ConfigurationProblem.of("domain", "\"{domain}$1\"", "is not a host", "");

        assertThat(problem.text(name -> "--domain")).isEqualTo("--domain: \"{domain}$1\" is not a host");
    }

    @ParameterizedTest
    @CsvSource({
        "PT0S, 0s",
        "PT0.001S, 1ms",
        "PT0.5S, 500ms",
        "PT1.5S, 1.5s",
        "PT32S, 32s",
        "PT3M1S, 3m1s",
        "PT1H30M, 1h30m",
        "PT24H, 24h",
        "P7D, 7d",
        "P2DT1H, 49h",
        "PT-1S, -1s",
        "PT0.0000005S, 0.0000005s"
    })
    void durationsArePrintedWithUnits(Duration duration, String text) {
        assertThat(OptionProblems.text(duration)).isEqualTo(text);
    }
}
