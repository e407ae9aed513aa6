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
    $Driven = @('app', 'screens', 'journeys', 'faults') | ForEach-Object { "--ignore=tests/$_" }
    $Rules = @('practice', 'storage', 'sync', 'cli') | ForEach-Object { "--ignore=tests/$_" }
    Invoke-Step 'pytest on rules, store, exchange and commands' $VenvPython ($Pytest + $Driven)
    Invoke-Step 'pytest on screens and processes' $VenvPython ($Pytest + $Rules + @('--ignore-glob=tests/test_*.py'))
    Write-Host '== all checks passed'
}
finally {
    Pop-Location
}
exit 0
