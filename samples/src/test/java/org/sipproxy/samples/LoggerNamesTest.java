package org.sipproxy.samples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.LoggerFactory;

class LoggerNamesTest {

    private static final JavaClasses PUBLISHED = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(
                    "org.sipproxy.message",
                    "org.sipproxy.api",
                    "org.sipproxy.core",
                    "org.sipproxy.gateway",
                    "org.sipproxy.jdbc",
                    "org.sipproxy.nat",
                    "org.sipproxy.security");

    @Test
    void noLoggerIsNamedAfterAClass() {
        noClasses()
                .should()
                .callMethod(LoggerFactory.class, "getLogger", Class.class)
                .because("names of loggers are public and stay when classes move, see LoggerNames")
                .check(PUBLISHED);
    }

    @Test
    void everyNameHasALineInTheDocumentation() throws IOException {
        List<String> lines = Files.readAllLines(documentation());

        for (Field field : LoggerNames.class.getFields()) {
            String name = name(field);
            assertThat(lines).as(name).anySatisfy(line -> assertThat(line).startsWith("| `" + name + "` | "));
        }
    }

    @Test
    void namesAreDifferent() {
        assertThat(Arrays.stream(LoggerNames.class.getFields())
                        .map(LoggerNamesTest::name)
                        .toList())
                .hasSizeGreaterThan(10)
                .doesNotHaveDuplicates();
    }

    private static String name(Field field) {
        try {
            return (String) field.get(null);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Path documentation() {
        Path page = Path.of("docs/logging.md");
        return Files.exists(page) ? page : Path.of("..").resolve(page);
    }
}
