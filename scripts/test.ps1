# Every check and every test, as `make test` runs them; stops at the first step that fails.
# Run it from anywhere:  powershell -ExecutionPolicy Bypass -File scripts\test.ps1
. (Join-Path $PSScriptRoot 'common.ps1')
Push-Location -LiteralPath $Root
try {
    Install-Environment -Dev
    $Scripts = Join-Path $Venv 'Scripts'
    Invoke-Step 'ruff check' $VenvPython @('-m', 'ruff', 'check', '.')
    Invoke-Step 'ruff format --check' $VenvPython @('-m', 'ruff', 'format', '--check', '.')
    Invoke-Step 'mypy' $VenvPython @('-m', 'mypy')
    Invoke-Step 'lint-imports' (Join-Path $Scripts 'lint-imports.exe') @()
    Invoke-Step 'deptry' (Join-Path $Scripts 'deptry.exe') @('.')
    $Pytest = @('-m', 'pytest', '-n', '2', '--dist', 'worksteal')
    $Coverage = @('dsl_console', 'storage', 'sync', 'practice') | ForEach-Object { "--cov=$_" }
    $Driven = @('app', 'screens', 'journeys', 'faults') | ForEach-Object { "--ignore=tests/$_" }
    $Traced = @('practice', 'storage', 'sync', 'cli') | ForEach-Object { "--ignore=tests/$_" }
    Invoke-Step 'pytest with coverage' $VenvPython ($Pytest + $Coverage + @('--cov-report=term') + $Driven)
    Invoke-Step 'pytest on screens and processes' $VenvPython ($Pytest + $Traced + @('--ignore-glob=tests/test_*.py'))
    Write-Host '== all checks passed'
}
finally {
    Pop-Location
}
exit 0
